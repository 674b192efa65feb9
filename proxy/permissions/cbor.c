#include "proxy/permissions/cbor.h"

/* RFC 8949, 3.1 */
enum { BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6, OTHER = 7 };
enum { BREAK = 0xff };

static const uint64_t until_break = UINT64_MAX;

/* The head of an item (RFC 8949, 3). */
struct item_head {
    unsigned major;
    uint64_t argument; /* until_break where it has an indefinite length */
    size_t len;
};

static bool read_head(struct span s, struct item_head *head)
{
    unsigned first = s.len > 0 ? (unsigned char)s.at[0] : BREAK, info = first & 0x1f;
    size_t more = info < 24 || info == 31 ? 0 : (size_t)1 << (info & 3);
    *head = (struct item_head){first >> 5, info < 24 ? info : 0, 1 + more};
    if (first == BREAK || s.len < head->len || (info > 27 && info < 31))
        return false;
    for (size_t i = 1; i <= more; i++)
        head->argument = head->argument << 8 | (unsigned char)s.at[i];
    if (info == 31)
        head->argument = until_break;
    return info != 31 || (head->major >= BYTES && head->major <= MAP);
}

/* How many items follow that belong to it, and how many bytes it takes by itself. */
static bool measure(struct span s, struct item_head *head, uint64_t *items)
{
    *items = 0;
    if (!read_head(s, head))
        return false;
    bool indefinite = head->argument == until_break;
    if (head->major == TAG)
        *items = 1;
    else if (head->major == ARRAY || (indefinite && head->major <= MAP))
        *items = head->argument;
    else if (head->major == MAP)
        *items = head->argument <= PAYLOAD_MAX_BYTES ? head->argument * 2 : until_break - 1;
    else if (head->major == BYTES || head->major == TEXT) {
        if (head->argument > s.len - head->len)
            return false;
        head->len += (size_t)head->argument;
    }
    return head->len <= s.len;
}

/* The length of the item that s begins with, with all that is in it; 0 where it is malformed. */
static size_t item_length(struct span s)
{
    uint64_t left[PAYLOAD_MAX_DEPTH] = {1}; /* items to come, on each level */
    size_t depth = 0, at = 0;
    for (;;) {
        struct item_head head;
        uint64_t items;
        bool ends = left[depth] == until_break && at < s.len && (unsigned char)s.at[at] == BREAK;
        if (ends) {
            at++;
            left[depth] = 0;
        } else if (left[depth] > 0) {
            if (!measure(span_from(s, at), &head, &items) || depth + 1 == PAYLOAD_MAX_DEPTH)
                return 0;
            at += head.len;
            left[depth] -= left[depth] != until_break;
            left[++depth] = items;
        }
        while (depth > 0 && left[depth] == 0)
            depth--;
        if (depth == 0 && left[0] == 0)
            return at;
    }
}

void cbor_begin(struct walk *walk)
{
    struct item_head head;
    walk->broken = !read_head(walk->rest, &head) || (head.major != ARRAY && head.major != MAP);
    if (walk->broken)
        return;
    walk->object = head.major == MAP;
    walk->left = head.argument;
    walk->rest = span_from(walk->rest, head.len);
}

static bool take(struct walk *walk, struct value *value)
{
    size_t len = item_length(walk->rest);
    *value = (struct value){PAYLOAD_CBOR, span_first(walk->rest, len)};
    walk->rest = span_from(walk->rest, len);
    return len > 0;
}

bool cbor_next(struct walk *walk, struct value *key, struct value *item)
{
    bool indefinite = walk->left == until_break;
    if (walk->left == 0 || (indefinite && span_starts(walk->rest, SPAN("\xff"))))
        return false;
    walk->left -= !indefinite;
    walk->broken = !((!walk->object || take(walk, key)) && take(walk, item));
    return !walk->broken;
}

bool cbor_text(struct span raw, struct buf *out)
{
    struct item_head head;
    if (!read_head(raw, &head) || head.major != TEXT || head.argument > raw.len - head.len)
        return false;
    buf_add(out, span_first(span_from(raw, head.len), (size_t)head.argument));
    return true;
}
