"""Words, places and banks of which the seeded company is made; all people and firms in it are invented."""

from typing import NamedTuple


class Place(NamedTuple):
    """A city, with the code of its state and the first three digits of its PIN codes."""

    state_code: str
    city: str
    pin_prefix: str


PLACES = [
    Place("27", "Mumbai", "400"),
    Place("27", "Pune", "411"),
    Place("27", "Nagpur", "440"),
    Place("29", "Bengaluru", "560"),
    Place("29", "Mysuru", "570"),
    Place("29", "Hubballi", "580"),
    Place("24", "Ahmedabad", "380"),
    Place("24", "Surat", "395"),
    Place("24", "Vadodara", "390"),
    Place("07", "New Delhi", "110"),
    Place("33", "Chennai", "600"),
    Place("33", "Coimbatore", "641"),
    Place("36", "Hyderabad", "500"),
    Place("37", "Visakhapatnam", "530"),
    Place("32", "Kochi", "682"),
    Place("19", "Kolkata", "700"),
    Place("09", "Kanpur", "208"),
    Place("09", "Lucknow", "226"),
    Place("06", "Gurugram", "122"),
    Place("03", "Ludhiana", "141"),
    Place("08", "Jaipur", "302"),
    Place("23", "Indore", "452"),
    Place("10", "Patna", "800"),
    Place("21", "Bhubaneswar", "751"),
    Place("18", "Guwahati", "781"),
    Place("20", "Ranchi", "834"),
    Place("22", "Raipur", "492"),
    Place("05", "Dehradun", "248"),
    Place("30", "Panaji", "403"),
    Place("01", "Jammu", "180"),
]

BANKS = [
    "SBIN",
    "HDFC",
    "ICIC",
    "UTIB",
    "KKBK",
    "PUNB",
    "BARB",
    "CNRB",
    "UBIN",
    "IDIB",
    "INDB",
    "FDRL",
    "IBKL",
]

FIRST_NAMES = (  # noqa: SIM905 - shorter to read than a list
    "Aarti Abhishek Aditya Amit Anita Anjali Arjun Deepa Divya Farhan Gaurav Harpreet Imran Ishita Jaya "
    "Karthik Kavita Lakshmi Manish Meera Mohan Neha Nikhil Pooja Pradeep Priya Rahul Rajesh Ramesh Ravi "
    "Ritu Rohan Sandeep Sanjay Shreya Sneha Suresh Swati Tanvi Uday Vandana Vijay Vikram Yusuf Zoya"
).split()
SURNAMES = (  # noqa: SIM905 - shorter to read than a list
    "Agarwal Ahmed Banerjee Bhat Bose Chauhan Chopra D'Souza Das Desai Deshmukh Fernandes Gandhi Ghosh "
    "Gupta Iyer Jadhav Jain Joshi Kapoor Kaur Khan Kulkarni Kumar Mehta Menon Mishra Nair Naidu Patel "
    "Patil Pillai Prasad Rao Reddy Saxena Shah Sharma Shetty Singh Sinha Thomas Tiwari Varma Yadav"
).split()
BRANDS = (  # noqa: SIM905 - shorter to read than a list
    "Aakash Ambika Annapurna Arihant Ashirwad Balaji Bharat Chetak Dhanlaxmi Durga Everest Ganesh Girnar "
    "Godavari Himalaya Indus Jyoti Kailash Kaveri Krishna Laxmi Mahavir Malabar Navkar Om Sai Padma "
    "Parivar Pragati Rajdhani Sahyadri Samrat Sanjivani Sarvodaya Shakti Shivam Shree Siddhi Surya "
    "Swastik Triveni Udaan Unnati Vaibhav Vasundhara Vijaya Yamuna"
).split()
TRADES = [
    "Agro Products",
    "Auto Components",
    "Building Materials",
    "Chemicals",
    "Electricals",
    "Engineering Works",
    "Fabrics",
    "Food Products",
    "Hardware",
    "Infotech",
    "Logistics",
    "Packaging",
    "Paper & Boards",
    "Pharma Distributors",
    "Plastics",
    "Steel",
    "Textiles",
    "Tools & Machinery",
    "Traders",
]

# Ending of the legal name, and the fourth letter of the PAN that belongs to that kind of holder.
HOLDERS = [
    ("Private Limited", "C"),
    ("Pvt Ltd", "C"),
    ("Limited", "C"),
    ("LLP", "F"),
    ("& Sons", "F"),
    ("& Co", "F"),
    ("", "P"),
    ("Charitable Trust", "T"),
]
HOLDER_WEIGHTS = [24, 24, 6, 12, 8, 10, 15, 1]

STREETS = [
    "MG Road",
    "Station Road",
    "Industrial Area",
    "GIDC Estate",
    "Ring Road",
    "Gandhi Chowk",
    "Market Yard",
]
AGENTS = ["Kavita Rao", "Imran Sheikh", "Sunita Patil", "Joseph Mathew", "Harpreet Gill"]
BRANCHES = ["BLR01", "BOM01", "BOM02", "CCU01", "DEL01", "HYD01", "MAA01", "PNQ01"]
DESCRIPTIONS = [
    "Supply of goods as per purchase order",
    "Monthly supply",
    "Spares and consumables",
    "Annual maintenance contract",
    "Freight and handling",
    "Job work charges",
]
