#include "tests/unit/failing.h"

#include <cjson/cJSON.h>

FAILING(cJSON *, cJSON_ParseWithLength, (const char *text, size_t bytes), (text, bytes), NULL)
FAILING(cJSON *, cJSON_ParseWithLengthOpts,
    (const char *text, size_t bytes, const char **end, cJSON_bool ends_with_nul),
    (text, bytes, end, ends_with_nul), NULL)
