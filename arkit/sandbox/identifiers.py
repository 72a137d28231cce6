"""Indian identifiers as the server judges them, written apart from the client's own judgement."""

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
# Government departments hold four letters and five digits in place of a PAN; the 14th place is not always Z.
GSTIN = re.compile(r"[0-9]{2}[A-Z]{4}[A-Z0-9][0-9]{4}[A-Z][1-9A-Z][0-9A-Z][0-9A-Z]")
PIN_CODE = re.compile(r"[1-9][0-9]{5}")
COMPANY_ID = re.compile(r"CEK[A-Z0-9]{7}")
CUSTOMER_ID = re.compile(r"KC[A-Z0-9]{14}")
ACCOUNT_NUMBER = re.compile(r"|[A-Za-z0-9]{9,36}")
IFSC = re.compile(r"|[A-Za-z]{4}0[A-Z0-9a-z]{6}")
PHONE = re.compile(r"|((\+|00)([0-9]{1,3})[\s-]?)?([0-9]{10})", re.ASCII)

# Code to state; 28 is the old Andhra Pradesh, 97 other territory.
STATES = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "25": "Daman and Diu",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "28": "Andhra Pradesh (old)",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
    "97": "Other Territory",
}


def check_character(first_fourteen: str) -> str:
    """The 15th character of a GSTIN: values times 1 and 2 in turn, base-36 digits of the products summed."""
    total = 0
    for place, character in enumerate(first_fourteen):
        quotient, remainder = divmod(ALPHABET.index(character) * (1 + place % 2), 36)
        total += quotient + remainder
    return ALPHABET[-total % 36]


def gstin(state_code: str, pan: str, registration: str = "1") -> str:
    """The GSTIN of a PAN in a state."""
    body = f"{state_code}{pan}{registration}Z"
    return body + check_character(body)


def is_gstin(text: str) -> bool:
    """Shape, state code and check character."""
    return GSTIN.fullmatch(text) is not None and text[:2] in STATES and check_character(text[:14]) == text[14]


def pan_or_gstin_fault(text: str) -> str | None:
    """Why the text is neither a PAN nor a GSTIN, or None if it is one."""
    if PAN.fullmatch(text) or is_gstin(text):
        return None
    if GSTIN.fullmatch(text) is None:
        return "is neither a PAN nor a GSTIN"
    if text[:2] not in STATES:
        return "has an unknown state code"
    return "has a wrong check character"
