"""Forms that are odd in a request and in an answer alike: fields, lengths, codings, chunks, trailers.

Each row is a name and the bytes. RFC 9110 and 9112 forbid them, or two parsers in a row could read them in
different ways.
"""

# Every control character but the tab, which is white space in a value.
CONTROLS = [bytes([code]) for code in (*range(0x20), 0x7F) if code != 0x09]
SEPARATORS = [bytes([code]) for code in b'"(),/;<=>?@[\\]{}']
VISIBLE, OBSOLETE = bytes(range(0x21, 0x7F)), bytes(range(0x80, 0x100))
HIGH = [b"\x80", b"\xa0", b"\xc3\xa9", b"\xff"]


def shown(byte):
    return byte.decode() if byte in SEPARATORS else byte.hex()


# Field lines, each with its own end.
ODD_LINES = [
    ("no colon", b"X-Odd\r\n"),
    ("no colon and spaces", b"X-Odd a b\r\n"),
    ("only a colon", b":\r\n"),
    ("empty name", b": a\r\n"),
    ("empty name after a space", b" : a\r\n"),
    ("space before the colon", b"X-Odd : a\r\n"),
    ("tab before the colon", b"X-Odd\t: a\r\n"),
    ("space in the name", b"X Odd: a\r\n"),
    ("tab in the name", b"X\tOdd: a\r\n"),
    ("space before the name", b" X-Odd: a\r\n"),
    ("tab before the name", b"\tX-Odd: a\r\n"),
    ("folded with a space", b"X-Odd: a\r\n b\r\n"),
    ("folded with a tab", b"X-Odd: a\r\n\tb\r\n"),
    ("folded before any value", b"X-Odd:\r\n a\r\n"),
    ("folded into an empty line", b"X-Odd: a\r\n \r\n"),
    ("folded over what looks like a field", b"X-Odd: a\r\n X-More: b\r\n"),
    ("bare LF at the end", b"X-Odd: a\n"),
    ("bare LF at the end, then another", b"X-Odd: a\nX-More: b\r\n"),
    ("bare LF and a fold", b"X-Odd: a\n b\r\n"),
    ("bare CR at the end, then another", b"X-Odd: a\rX-More: b\r\n"),
    ("bare CR in place of white space", b"X-Odd:\ra\r\n"),
    ("bare LF in place of white space", b"X-Odd:\na\r\n"),
    ("CR CR LF", b"X-Odd: a\r\r\n"),
    ("LF CR LF", b"X-Odd: a\n\r\n"),
    ("LF CR", b"X-Odd: a\n\rX-More: b\r\n"),
    ("empty value and a bare LF", b"X-Odd:\n"),
    ("NUL at the start of a value", b"X-Odd: \0a\r\n"),
    ("NUL at the end of a value", b"X-Odd: a\0\r\n"),
    ("NUL before the colon", b"X-Odd\0: a\r\n"),
    ("NUL before the name", b"\0X-Odd: a\r\n"),
    ("vertical tab before the colon", b"X-Odd\x0b: a\r\n"),
    ("vertical tab at the end of a value", b"X-Odd: a\x0b\r\n"),
    ("byte order mark before the name", b"\xef\xbb\xbfX-Odd: a\r\n"),
]
ODD_CONTROLS = [
    *((f"control {shown(c)} in a value", b"X-Odd: a" + c + b"b\r\n") for c in CONTROLS),
    *((f"control {shown(c)} in a name", b"X-O" + c + b"dd: a\r\n") for c in CONTROLS),
    *((f"{shown(c)} in a name", b"X-O" + c + b"dd: a\r\n") for c in SEPARATORS + HIGH),
]
# (name, as sent, as it must go on)
GOOD_LINES = [
    ("one space", b"X-A: b\r\n", b"X-A: b"),
    ("no white space", b"X-A:b\r\n", b"X-A: b"),
    ("much white space", b"X-A: \t  b \t \r\n", b"X-A: b"),
    ("tab inside a value", b"X-A: a\tb\r\n", b"X-A: a\tb"),
    ("spaces inside a value", b"X-A: a   b\r\n", b"X-A: a   b"),
    ("empty value", b"X-A:\r\n", b"X-A: "),
    ("white value", b"X-A:  \t \r\n", b"X-A: "),
    ("case of the name", b"x-MiXeD: b\r\n", b"x-MiXeD: b"),
    ("every token character", b"!#$%&'*+-.^_`|~09azAZ: b\r\n", b"!#$%&'*+-.^_`|~09azAZ: b"),
    ("every visible character", b"X-A: " + VISIBLE + b"\r\n", b"X-A: " + VISIBLE),
    ("every high byte", b"X-A: " + OBSOLETE + b"\r\n", b"X-A: " + OBSOLETE),
    ("UTF-8", "X-A: žluťoučký\r\n".encode(), "X-A: žluťoučký".encode()),
    ("colon in a value", b"X-A: b: c\r\n", b"X-A: b: c"),
    ("colon first in a value", b"X-A::b\r\n", b"X-A: :b"),
    ("unclosed quote", b'X-A: "b\r\n', b'X-A: "b'),
    ("a longer name is another name", b"Content-Length-X: 5\r\n", b"Content-Length-X: 5"),
    ("4,000 bytes", b"X-A: " + b"v" * 4000 + b"\r\n", b"X-A: " + b"v" * 4000),
]

# Content-Length, before a body of five bytes.
ODD_LENGTH_VALUES = [
    ("plus sign", b"+5"), ("minus sign", b"-5"), ("minus zero", b"-0"), ("hexadecimal", b"0x5"),
    ("octal", b"0o5"), ("two equal", b"5, 5"), ("two equal, no space", b"5,5"), ("two different", b"5, 6"),
    ("two words", b"5 5"), ("tab between", b"5\t5"), ("empty", b""), ("white", b" \t "), ("a word", b"five"),
    ("letter after", b"5a"), ("letter before", b"a5"), ("decimal point", b"5.0"), ("exponent", b"5e0"),
    ("semicolon", b"5;"), ("comma", b"5,"), ("comma before", b",5"), ("quoted", b'"5"'),
    ("underscore", b"5_0"), ("thousands", b"1,000"), ("star", b"*"), ("vertical tab after", b"5\x0b"),
    ("form feed before", b"\x0c5"), ("NUL after", b"5\0"), ("NUL before", b"\x005"),
    ("no-break space after", b"5\xa0"), ("superscript", b"\xb2"), ("full width", "５".encode()),
    ("Arabic", "٥".encode()), ("2 to the 64th", b"18446744073709551616"),
    ("2 to the 64th plus five", b"18446744073709551621"), ("2 to the 128th plus five", b"%d" % (2**128 + 5)),
    ("forty nines", b"9" * 40),
]
ODD_LENGTHS = [
    *((name, b"Content-Length: " + value + b"\r\n") for name, value in ODD_LENGTH_VALUES),
    ("two equal fields", b"Content-Length: 5\r\nContent-Length: 5\r\n"),
    ("two different fields", b"Content-Length: 5\r\nContent-Length: 6\r\n"),
    ("two fields apart", b"Content-Length: 5\r\nX-A: b\r\ncontent-length: 0\r\n"),
    ("a good field and an empty one", b"Content-Length: 5\r\nContent-Length:\r\n"),
    ("an empty field and a good one", b"Content-Length:\r\nContent-Length: 5\r\n"),
    ("space before the colon", b"Content-Length : 5\r\n"),
    ("folded", b"Content-Length:\r\n 5\r\n"),
    ("folded into two digits", b"Content-Length: 5\r\n 0\r\n"),
    ("bare LF", b"Content-Length: 5\n"),
    ("hidden behind a bare LF", b"X-A: b\nContent-Length: 5\r\n"),
    ("hidden behind a bare CR", b"X-A: b\rContent-Length: 5\r\n"),
]

CHUNKED = b"Transfer-Encoding: chunked\r\n"
# Transfer-Encoding, before a body in one good chunk.
ODD_CODING_VALUES = [
    ("identity", b"identity"), ("gzip", b"gzip"), ("deflate", b"deflate"), ("br", b"br"), ("unknown", b"cow"),
    ("gzip, chunked", b"gzip, chunked"), ("chunked, gzip", b"chunked, gzip"), ("twice", b"chunked, chunked"),
    ("twice, no space", b"chunked,chunked"), ("chunked, identity", b"chunked, identity"),
    ("identity, chunked", b"identity, chunked"), ("letter before", b"xchunked"),
    ("letter after", b"chunkedx"), ("x-chunked", b"x-chunked"), ("shorter", b"chunke"),
    ("quality", b"chunked;q=1"), ("parameter", b"chunked; a=b"), ("quoted", b'"chunked"'),
    ("single quotes", b"'chunked'"), ("vertical tab after", b"chunked\x0b"),
    ("vertical tab before", b"\x0bchunked"), ("form feed before", b"\x0cchunked"),
    ("NUL after", b"chunked\0"), ("NUL before", b"\0chunked"), ("DEL after", b"chunked\x7f"),
    ("no-break space after", b"chunked\xa0"), ("high byte before", b"\xffchunked"),
    ("space inside", b"chun ked"), ("two words", b"chunked chunked"), ("comma before", b", chunked"),
    ("comma after", b"chunked,"), ("semicolon before", b";chunked"), ("colon before", b": chunked"),
    ("empty", b""), ("white", b" \t "), ("Kelvin sign", "chun\u212aed".encode()), ("trailers", b"trailers"),
    ("a length", b"5"),
]
ODD_CODINGS = [
    *((name, b"Transfer-Encoding: " + value + b"\r\n") for name, value in ODD_CODING_VALUES),
    ("two fields", CHUNKED + CHUNKED),
    ("two fields, gzip first", b"Transfer-Encoding: gzip\r\n" + CHUNKED),
    ("two fields, gzip last", CHUNKED + b"Transfer-Encoding: gzip\r\n"),
    ("two fields, identity last", CHUNKED + b"transfer-encoding: identity\r\n"),
    ("two fields, an empty one last", CHUNKED + b"Transfer-Encoding:\r\n"),
    ("two fields, an odd one first", b"Transfer-Encoding: xchunked\r\n" + CHUNKED),
    ("space before the colon", b"Transfer-Encoding : chunked\r\n"),
    ("folded", b"Transfer-Encoding:\r\n chunked\r\n"),
    ("folded with another", b"Transfer-Encoding: chunked\r\n , gzip\r\n"),
    ("bare LF", b"Transfer-Encoding: chunked\n"),
    ("hidden behind a bare LF", b"X-A: b\nTransfer-Encoding: chunked\r\n"),
    ("hidden behind a bare CR", b"X-A: b\rTransfer-Encoding: chunked\r\n"),
]
BOTH_LENGTHS = [
    ("length, then chunked", b"Content-Length: 5\r\n" + CHUNKED),
    ("chunked, then length", CHUNKED + b"Content-Length: 5\r\n"),
    ("length of the chunks", b"Content-Length: 15\r\n" + CHUNKED),
    ("length zero", b"Content-Length: 0\r\n" + CHUNKED),
    ("empty length", b"Content-Length:\r\n" + CHUNKED),
    ("odd length", b"Content-Length: +5\r\n" + CHUNKED),
    ("odd coding", b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n"),
    ("empty coding", b"Content-Length: 5\r\nTransfer-Encoding:\r\n"),
    ("other fields between", b"content-length: 5\r\nX-A: b\r\ntransfer-encoding: Chunked\r\n"),
]

HELLO = b"5\r\nhello\r\n"
LAST = b"0\r\n\r\n"
# The line of a first chunk that is to hold five bytes.
ODD_SIZES = [
    ("hexadecimal prefix", b"0x5"), ("plus sign", b"+5"), ("minus sign", b"-5"), ("space before", b" 5"),
    ("space after", b"5 "), ("tab before", b"\t5"), ("tab after", b"5\t"), ("vertical tab after", b"5\x0b"),
    ("form feed before", b"\x0c5"), ("empty", b""), ("only a space", b" "), ("a letter beyond f", b"g"),
    ("a letter beyond f after", b"5g"), ("a letter h", b"5h"), ("comma", b"5,"), ("point", b"5.0"),
    ("colon", b"5:"), ("underscore", b"0_5"), ("quoted", b'"5"'), ("NUL after", b"5\0"),
    ("NUL before", b"\x005"), ("DEL", b"5\x7f"), ("high byte before", b"\xff5"), ("no-break space", b"5\xa0"),
    ("full width", "５".encode()), ("two sizes", b"5 5"), ("only an extension", b";a=b"),
    ("2 to the 64th", b"10000000000000000"), ("2 to the 64th plus five", b"10000000000000005"),
    ("2 to the 128th plus five", b"1" + b"0" * 31 + b"5"),
    ("2 to the 64th plus five, led by zeros", b"00010000000000000005"), ("forty digits", b"f" * 40),
    ("bare CR in the line", b"5\r;a"), ("CR CR LF", b"5\r"), ("extension without a name", b"5;"),
    ("extension with a value only", b"5;=b"), ("unclosed quote", b'5;a="b'),
    ("text after a quote", b'5;a="b"c'), ("bare LF in an extension", b"5;a\nb"),
    ("bare LF in a quoted extension", b'5;a="b\nc"'), ("escaped LF in a quoted extension", b'5;a="\\\n"'),
    ("bare CR in an extension", b"5;a\rb"), ("NUL in an extension", b"5;a\0"),
    ("DEL in an extension", b"5;a=\x7f"), ("control in a quote", b'5;a="\x01"'),
    ("two words in an extension", b"5;a b"), ("high byte in an extension", b"5;\xff"), ("brace", b"5;{a}"),
]
ODD_CHUNKS = [
    *((f"size: {name}", size + b"\r\nhello\r\n" + LAST) for name, size in ODD_SIZES),
    ("size: bare LF", b"5\nhello\r\n" + LAST),
    ("size: bare CR", b"5\rhello\r\n" + LAST),
    ("size: LF CR", b"5\n\rhello\r\n" + LAST),
    ("extension: bare LF", b"5;a=b\nhello\r\n" + LAST),
    ("extension: a chunk hidden behind a bare LF", b"5;\nhello\r\n" + LAST),
    ("data: no CRLF", b"5\r\nhello" + LAST),
    ("data: bare LF", b"5\r\nhello\n" + LAST),
    ("data: bare CR", b"5\r\nhello\r" + LAST),
    ("data: LF CR", b"5\r\nhello\n\r" + LAST),
    ("data: CR CR LF", b"5\r\nhello\r\r\n" + LAST),
    ("data: two other bytes", b"5\r\nhelloXX" + LAST),
    ("data: an empty line after it", HELLO + b"\r\n" + LAST),
    ("data: an empty line before it", b"\r\n" + HELLO + LAST),
    ("data: one more than its size", b"4\r\nhello\r\n" + LAST),
    ("data: many more than its size", b"1\r\nhello\r\n" + LAST),
    ("data: one less than its size", b"6\r\nhello\r\n" + LAST),
    ("data: four less than its size", b"9\r\nhello\r\n" + LAST + LAST),
    ("second size: plus sign", HELLO + b"+5\r\nhello\r\n" + LAST),
    ("second size: hexadecimal prefix", HELLO + b"0x5\r\nhello\r\n" + LAST),
    ("second size: bare LF", HELLO + b"5\nhello\r\n" + LAST),
    ("second size: a word", HELLO + b"hello\r\n" + LAST),
    ("last: minus zero", HELLO + b"-0\r\n\r\n"),
    ("last: hexadecimal prefix", HELLO + b"0x0\r\n\r\n"),
    ("last: space before", HELLO + b" 0\r\n\r\n"),
    ("last: space after", HELLO + b"0 \r\n\r\n"),
    ("last: bare LF", HELLO + b"0\n\r\n"),
    ("last: bare LFs", HELLO + b"0\n\n"),
    ("last: bare CR", HELLO + b"0\r\r\n\r\n"),
    ("last: empty size", HELLO + b"\r\n\r\n"),
    ("end: bare LF", HELLO + b"0\r\n\n"),
    ("end: CR and another byte", HELLO + b"0\r\n\rX"),
    ("end: CR CR LF", HELLO + b"0\r\n\r\r\n"),
]
# (name, bytes, content)
GOOD_CHUNKS = [
    ("one", HELLO + LAST, b"hello"),
    ("none", LAST, b""),
    ("three", b"1\r\nh\r\n3\r\nell\r\n1\r\no\r\n" + LAST, b"hello"),
    ("lower case", b"a\r\nhellohello\r\n" + LAST, b"hellohello"),
    ("upper case", b"A\r\nhellohello\r\n" + LAST, b"hellohello"),
    ("leading zeros", b"0005\r\nhello\r\n" + LAST, b"hello"),
    ("eight digits", b"00000005\r\nhello\r\n" + LAST, b"hello"),
    ("many zeros at the end", HELLO + b"0000\r\n\r\n", b"hello"),
    ("extension name", b"5;a\r\nhello\r\n" + LAST, b"hello"),
    ("extension value", b"5;a=b\r\nhello\r\n" + LAST, b"hello"),
    ("quoted extension", b'5;a="b c; d=\t,"\r\nhello\r\n' + LAST, b"hello"),
    ("escaped quote in an extension", b'5;a="b\\"c"\r\nhello\r\n' + LAST, b"hello"),
    ("several extensions", b'5;a;b=c;d="e"\r\nhello\r\n' + LAST, b"hello"),
    ("extension on the last", HELLO + b"0;a=b\r\n\r\n", b"hello"),
    ("content that looks like chunks", b"c\r\n\r\n0\r\n\r\n5\r\nhe\r\n" + LAST, b"\r\n0\r\n\r\n5\r\nhe"),
    ("content that looks like a head", b"12\r\nGET / HTTP/1.1\r\n\r\n\r\n" + LAST, b"GET / HTTP/1.1\r\n\r\n"),
    ("content of every byte", b"100\r\n" + bytes(range(256)) + b"\r\n" + LAST, bytes(range(256))),
]
# White space that the grammar calls bad and still allows, and the like: refused or understood, nothing else.
UNSURE_CHUNKS = [
    ("space before an extension", b"5 ;a\r\nhello\r\n" + LAST),
    ("space after the semicolon", b"5; a\r\nhello\r\n" + LAST),
    ("spaces around the equals sign", b"5;a = b\r\nhello\r\n" + LAST),
    ("two semicolons", b"5;;a\r\nhello\r\n" + LAST),
    ("empty extension value", b"5;a=\r\nhello\r\n" + LAST),
    ("high byte in a quote", b'5;a="\xff"\r\nhello\r\n' + LAST),
    ("sixteen digits", b"0000000000000005\r\nhello\r\n" + LAST),
    ("seventeen digits", b"00000000000000005\r\nhello\r\n" + LAST),
    ("forty zeros before", b"0" * 40 + b"5\r\nhello\r\n" + LAST),
    ("forty zeros at the end", HELLO + b"0" * 40 + b"\r\n\r\n"),
]
