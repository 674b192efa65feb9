#include "proxy/base/span.h"

bool span_equal_nocase(struct span a, struct span b)
{
    return a.len == b.len && span_compare_nocase(a, b) == 0;
}

bool span_starts_nocase(struct span s, struct span prefix)
{
    return span_equal_nocase(span_first(s, prefix.len), prefix);
}

int span_compare_nocase(struct span a, struct span b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shared; i++) {
        if (a.at[i] == b.at[i])
            continue;
        int difference = (unsigned char)ascii_lower(a.at[i]) - (unsigned char)ascii_lower(b.at[i]);
        if (difference != 0)
            return difference;
    }
    return (a.len > b.len) - (a.len < b.len);
}

int span_compare(struct span a, struct span b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int difference = shared ? memcmp(a.at, b.at, shared) : 0;
    return difference ? difference : (a.len > b.len) - (a.len < b.len);
}

struct span span_trim(struct span s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = span_from(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool span_next(struct span *rest, char separator, struct span *item)
{
    if (!rest->at)
        return false;
    size_t end = span_find(*rest, separator);
    *item = span_first(*rest, end);
    *rest = end < rest->len ? span_from(*rest, end + 1) : (struct span){NULL, 0};
    return true;
}

struct span span_take_last(struct span *rest, char separator)
{
    size_t start = rest->len;
    while (start > 0 && rest->at[start - 1] != separator)
        start--;
    struct span last = span_from(*rest, start);
    *rest = span_first(*rest, start > 0 ? start - 1 : 0);
    return last;
}

bool span_to_number(struct span s, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_digit(s.at[i]))
            return false;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

bool span_to_hex_number(struct span s, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    if (s.len == 0 || s.len > 16)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        int digit = ascii_hex(s.at[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    if (value > max)
        return false;
    *number = value;
    return true;
}

int ascii_hex(char c)
{
    if (ascii_digit(c))
        return c - '0';
    char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
