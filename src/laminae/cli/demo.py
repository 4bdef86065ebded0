"""stub"""


def demo() -> int:
    """tour"""
    return 0
