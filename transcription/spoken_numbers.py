def to_digits(t: str) -> str:
    return t
