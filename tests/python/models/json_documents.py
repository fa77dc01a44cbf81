"""JSON to test with: ordinary, unusual, and at random."""

from __future__ import annotations

import json
import random


def each(documents: str) -> list[str]:
    """Documents without white space, with white space between them."""
    return documents.split()


# Documents that are read without the help of the standard library: numbers, strings, the rest.
ORDINARY = [
    *each("""
        0 0.0 1 -1 1.5 1e5 1E+5 1e-5 0e1 1.0e00 0.1 5e-324 1e-400 -1e-400 2.2250738585072011e-308
        9223372036854775807 9223372036854775808 -9223372036854775808 18446744073709551615 9007199254740993.0
        [0.0,-0.5,"-01"] 1448997445238699.25 9.2233720368547748e18
        7.2057594037927945e16 0.000000000000000000000000000000000000000000001
    """),
    "0." + "1" * 800,
    *each(r"""
        "" "é" "漢字" "\u00e9" "\ud83c\udf89" "\"\\\/\b\f\n\r\t" "\u0000" "\ud83c\udf89\u0041" "\uFFFF" "\""
        ["\\","\\\"","\\\\"] {"a":1,"b":2,"a":3} {"a":1,"\u0061":2} {"":0} {"é":1,"é":2} {"\n":1}
    """),
    *('"\x7f"', '"\u2028"', '"a b"', '"' + "x" * 10_000 + '"'),
    *each('null true false [] {} [[]] {"a":{}} {"ok":true} {"a":[{"a":[]}]}'),
    *(" [ 1 , 2 ] ", '\r\n\t{ "a" : 1 , "b" : [ ] }\r\n\t'),
    *("[" * 128 + "]" * 128, '{"a":' * 128 + "1" + "}" * 128),
]

# Documents that are left to the standard library: it has an error for them, or a value after all.
UNUSUAL = [
    *each("""
        -0 -0.0 -0e-1 -0.00E5 [-0,0] 1e19 1e400 -1e400 1e99999999999 1.7976931348623157e308
        18446744073709551616 -9223372036854775809 [123456789012345678901234567890,1] 1.7976931348623159e308
        123456789012345678901234567890.5 NaN [Infinity,-Infinity,NaN] -1E+300
    """),
    *("1" * 4300, "-" + "1" * 4300),
    *each("""
        +1 - --1 01 -01 00 1. .5 1.e5 1e 1e+ 1_0 0x1 1e5.5 1.5.5 1, -NaN nan inf Infinit -Inf
        nul nulL truefalse undefined [ ] [1 [1, [1,] [,1] [1} [1]] { } {] {"a" {"a": {"a":1 {"a":1, {"a":1,}
        {,"a":1} {a:1} {1:1} 'a' //1 /**/1 [1]//1
    """),
    *("", " ", "1 2", "[1 2]", '{"a" 1}', '{"a":1 "b":2}', "[1] []"),
    *("1" * 4301, "1" * 5000 + ".5", "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, "[" * 500),
    *each(r"""
        " "a "\ "\" "a"b" "\x" "\u" "\u00" "\u00g0" "\U0041" "\ud800" "\udc00" "\ud800\ud800" "\ud800A"
        "\ud800\n" "\ud800\u0041" {"\ud800":1}
    """),
    *('"\n"', '"\t"', '"\x00"', '"\x1f"', '{"\n":1}', r'"\u 123"'),
    *("[1]\x00", "[1]\x0c", "\x0b[1]", "\xa0[1]", "\ufeff[1]"),
]

# Bytes that are no UTF-8, or no plain one.
BYTES = [
    *(b"\xff", b'"\xff"', b'"\xc3"', b'"\xc3', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"'),
    *(b'"\xe9"', b'["\xc3\xa9", "\xc3"]', b'{"\xff":1}', b"\xef\xbb\xbf[1]", b"\xef\xbb\xbf", b"\xef\xbb"),
    *(b"\x00", b"1\x00", b"\x001"),
    *('["é"]'.encode(code) for code in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le")),
    *('"\ud800"'.encode(code, "surrogatepass") for code in ("utf-8", "utf-16", "utf-32-be")),
]

RECORDS = json.dumps(
    [{"id": n, "name": f"n{n}", "tags": ["a", "é"], "score": n / 7, "big": 2**63} for n in range(99)]
)


class Documents:
    """Documents at random, the same for the same seed."""

    NAMES = (
        "id",
        "name",
        "a",
        "",
        "é",
        "tags",
        "漢字",
        "with space",
        "a_rather_long_name_that_is_not_kept_as_a_key",
    )
    SIGNS = (
        "a",
        "b",
        " ",
        "\x7f",
        "é",
        "漢",
        "\U0001f389",
        r"\n",
        r"\"",
        r"\\",
        r"\/",
        r"\u00e9",
        r"\ud83c\udf89",
        r"\u0000",
    )
    NUMBERS = (
        "0",
        "-0",
        "1",
        "-1",
        "255",
        "9223372036854775807",
        "9223372036854775808",
        "-1e5",
        "1.5",
        "0.1",
        "1e400",
    )

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def document(self) -> str:
        return self._space() + self._value(self._chance.choice((1, 2, 3, 5))) + self._space()

    def _space(self) -> str:
        return self._chance.choice(("", "", "", " ", "\n  ", "\t", "\r\n"))

    def _string(self) -> str:
        if self._chance.random() < 0.5:
            return f'"{self._chance.choice(self.NAMES)}"'
        return '"' + "".join(self._chance.choices(self.SIGNS, k=self._chance.choice((0, 1, 3, 10, 40)))) + '"'

    def _number(self) -> str:
        match self._chance.randrange(4):
            case 0:
                return self._chance.choice(self.NUMBERS)
            case 1:
                return str(self._chance.randrange(-(10**6), 10**6))
            case 2:
                return repr(self._chance.uniform(-1, 1) * 10.0 ** self._chance.randrange(-330, 308))
            case _:
                digits = "".join(
                    self._chance.choices("0123456789", k=self._chance.choice((1, 15, 19, 20, 30)))
                )
                return f"{self._chance.randrange(1, 10)}{digits}.{digits}e{self._chance.randrange(-350, 350)}"

    def _value(self, levels: int) -> str:
        kind = self._chance.randrange(8 if levels else 5)
        if kind < 2:
            return self._string()
        if kind < 4:
            return self._number()
        if kind == 4:
            return self._chance.choice(("true", "false", "null", "NaN", "-Infinity"))
        items = [self._value(levels - 1) for _ in range(self._chance.choice((0, 1, 2, 5)))]
        comma, colon = self._space() + "," + self._space(), self._space() + ":" + self._space()
        if kind == 5:
            return "[" + self._space() + comma.join(items) + self._space() + "]"
        pairs = (self._string() + colon + item for item in items)
        return "{" + self._space() + comma.join(pairs) + self._space() + "}"

    def damaged(self, text: str) -> bytes:
        """The document with some bytes changed, cut out, doubled or moved."""
        data = bytearray(text.encode())
        for _ in range(self._chance.choice((1, 1, 2, 4))):
            at = self._chance.randrange(len(data) + 1)
            match self._chance.randrange(4):
                case 0:
                    data[at : at + 1] = bytes([self._chance.randrange(256)])
                case 1:
                    data[at:at] = self._chance.choice(
                        (b'"', b"\\", b",", b"]", b"}", b"0", b"-", b".", b"e", b"\\ud800")
                    )
                case 2:
                    del data[at : at + self._chance.choice((1, 2, 10))]
                case _:
                    other = self._chance.randrange(len(data) + 1)
                    data[at:at] = data[other : other + self._chance.choice((1, 5, 20))]
        return bytes(data)
