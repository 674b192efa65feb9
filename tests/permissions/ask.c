/* Asks what requests need, in bulk: a request a line on standard input, what it needs a line on
 * standard output. Columns are parted by a tab; in them \HH stands for a byte.
 * In: signing, region, account, method, host, path, query, body, then the fields, "NAME:VALUE"
 * each. Out: the operation, "body" where that would tell more, then action and resource in turns; a
 * backslash stands behind a star that ends a literal resource.
 */
#include <stdio.h>

#include "proxy/base/buf.h"
#include "proxy/permissions/needed.h"

enum { COLUMNS = 9, LINE_BYTES = 512 * 1024 };

/* In place: it does not become longer. */
static struct span unescape(char *line, struct span text)
{
    char *at = line + (text.at - line);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\\' && text.len - i > 2) {
            at[len++] = (char)(ascii_hex(text.at[i + 1]) << 4 | ascii_hex(text.at[i + 2]));
            i += 2;
        } else
            at[len++] = text.at[i];
    return (struct span){at, len};
}

static void print(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == '\\')
            printf("\\%02x", (unsigned char)text.at[i]);
        else
            putchar(text.at[i]);
}

static void answer(struct needed_request *request)
{
    static struct permissions out;
    bool known = permissions_of(request, &out);
    if (known)
        print(out.operation);
    printf("\t%s", out.wants_body ? "body" : "");
    for (size_t i = 0; i < out.count; i++) {
        putchar('\t');
        print(out.needed[i].action);
        putchar('\t');
        print(out.needed[i].resource);
        if (out.needed[i].literal && span_ends(out.needed[i].resource, SPAN("*")))
            printf("\\"); /* a star that is one, as no other column ends so */
    }
    putchar('\n');
}

int main(void)
{
    static char line[LINE_BYTES];
    static struct head head;
    while (fgets(line, sizeof line, stdin)) {
        struct span rest = span_first(span_of(line), span_find(span_of(line), '\n')),
                    column[COLUMNS], text;
        size_t i = 0;
        while (i < COLUMNS - 1 && span_next(&rest, '\t', &text))
            column[i++] = unescape(line, text);
        if (i < COLUMNS - 1)
            return 1;
        head.count = 0;
        while (head.count < HEAD_MAX_FIELDS && rest.at && span_next(&rest, '\t', &text)) {
            struct field *field = &head.fields[head.count++];
            text = unescape(line, text);
            field->name = span_first(text, span_find(text, ':'));
            field->value = span_from(text, field->name.len + 1);
            field->id = field_identify(field->name);
        }
        struct needed_request request = {.signing = column[0],
            .region = column[1],
            .account = column[2],
            .method = column[3],
            .host = column[4],
            .path = column[5],
            .query = column[6],
            .body = column[7],
            .head = &head,
            .partition = SPAN("aws"),
            .content_type = head_value(&head, FIELD_CONTENT_TYPE)};
        answer(&request);
    }
    return 0;
}
