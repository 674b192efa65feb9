#include "tests/unit/failing.h"

#include <cjson/cJSON.h>

FAILING(cJSON *, cJSON_ParseWithLength, (const char *text, size_t bytes), (text, bytes), NULL)
