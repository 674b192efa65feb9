"""Names of objects that are hard to sign: sixty that every server keeps, and some that not all can."""

HARD = [
    "plain.txt", "two words", " leading", "trailing ", "a  b", "plus+sign", "a+b c+d", "percent%", "%20", "%2F", "%252F",
    "100%25", "%zz", "a%", "question?mark", "?", "hash#tag", "#", "amp&er=sand", "a=b&c=d", "semi;colon", "com,ma", "co:lon",
    "at@sign", "dollar$", "exclaim!", "aster*isk", "'quoted'", "\"double\"", "(round)", "[square]", "{curly}", "<angle>",
    "pi|pe", "caret^", "grave`", "tilde~", "under_score", "dash-", "-dash", "dot.", ".dot", "...", "a..b", "back\\slash",
    "ünï-cödé", "e\u0301 decomposed", "é composed", "中文/漢字.txt", "日本語 テキスト", "한국어", "русский", "עברית", "العربية",
    "😀 emoji", "👩‍👩‍👧 joined", "\u200bzero width", "\u00a0no-break", "ﬁ ligature", "İstanbul", "ß/ẞ",
    "deep/er/than/it/looks/a b/c+d/é", "x-amz-meta-a", "aws-chunked", "s3", "-/health", "http:", "a/b?list-type=2&prefix=",
    "k" * 200, "é" * 60 + "/" + "%" * 60 + "/" + "+" * 60,
]

# What is a key in S3 and no path: servers that keep objects as files have these under other names or not at all.
NOT_PATHS = ["/leading", "a//b", "//", "a/./b", "a/../b", "./a", "../a", "folder/", "a b//", "http://example.com/a?b#c"]

assert len(HARD) == len(set(HARD)) >= 60
