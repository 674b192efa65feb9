#include "proxy/credentials/issued.h"

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "proxy/aws/error_code.h"

static struct span keep(char **at, struct span s)
{
    if (s.len > 0)
        memcpy(*at, s.at, s.len);
    struct span kept = {*at, s.len};
    *at += s.len;
    return kept;
}

struct issued *issued_create(
    const struct credentials *keys, struct span role, struct span expiration)
{
    size_t bytes =
        keys->access_key_id.len + keys->secret_access_key.len + keys->session_token.len + role.len;
    struct issued *issued = calloc(1, sizeof *issued + bytes);
    if (!issued)
        return NULL;
    char *at = issued->memory;
    issued->bytes = bytes;
    issued->keys.access_key_id = keep(&at, keys->access_key_id);
    issued->keys.secret_access_key = keep(&at, keys->secret_access_key);
    issued->keys.session_token = keep(&at, keys->session_token);
    issued->role = keep(&at, role);
    if (!clock_parse_rfc3339(expiration, &issued->expires_ms))
        issued->expires_ms = 0;
    return issued;
}

void issued_destroy(struct issued *issued)
{
    if (!issued)
        return;
    issued_empty(issued);
    free(issued);
}

void issued_empty(struct issued *issued)
{
    OPENSSL_cleanse(issued->memory, issued->bytes);
    issued->keys = (struct credentials){.session_token = {NULL, 0}};
    issued->role = (struct span){NULL, 0};
}

/* Whether it can be a part of a header: visible ASCII, and there. */
static bool is_key_text(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    return text.len > 0;
}

static enum err issue(const struct credentials *keys, const struct span more[2],
    struct issued **issued, struct fault *fault)
{
    if (!is_key_text(keys->access_key_id) || !is_key_text(keys->secret_access_key)
        || !is_key_text(keys->session_token))
        return fault_set(fault, ERR_NO_CREDENTIALS,
            "its answer does not hold an access key id, a secret access key and a token");
    struct issued *made = issued_create(keys, more[0], more[1]);
    if (!made)
        return fault_set(fault, ERR_OUT_OF_MEMORY, "there is not enough memory to keep its keys");
    *issued = made;
    return OK;
}

/* ---- JSON ---- */

static struct span member(const cJSON *root, const char *name)
{
    return span_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name)));
}

/* cJSON's copies hold the secrets too. */
static void wipe(cJSON *root)
{
    for (cJSON *item = root ? root->child : NULL; item; item = item->next)
        if (item->valuestring)
            OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
    cJSON_Delete(root);
}

enum err issued_from_json(struct span json, struct issued **issued, struct fault *fault)
{
    cJSON *root = json.len > 0 ? cJSON_ParseWithLength(json.at, json.len) : NULL;
    struct credentials keys = {
        member(root, "AccessKeyId"), member(root, "SecretAccessKey"), member(root, "Token")};
    struct span more[] = {member(root, "RoleArn"), member(root, "Expiration")};
    enum err err = issue(&keys, more, issued, fault);
    wipe(root);
    return err;
}

/* ---- XML ---- */

enum err issued_from_sts(struct span xml, struct issued **issued, struct fault *fault)
{
    struct span credentials = xml_text(xml, SPAN("Credentials"));
    struct credentials keys = {xml_text(credentials, SPAN("AccessKeyId")),
        xml_text(credentials, SPAN("SecretAccessKey")),
        xml_text(credentials, SPAN("SessionToken"))};
    struct span more[] = {xml_text(xml_text(xml, SPAN("AssumedRoleUser")), SPAN("Arn")),
        xml_text(credentials, SPAN("Expiration"))};
    return issue(&keys, more, issued, fault);
}
