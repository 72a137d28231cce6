"""Screens for notebooks, made of core ipywidgets."""
