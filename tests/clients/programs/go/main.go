// main sdk|minio JOB: does to a bucket what the job (a JSON file) says, and prints a line of JSON for each outcome:
// [operation, number of the key, outcome]. An outcome that is an error begins with "error".
// main services: asks each service for what is there; an outcome is that of [service, -1, outcome].
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"
)

type job struct {
	Endpoint, Proxy, Bucket, Prefix, Region, Access, Secret, Token string
	Keys                                                           []string
	LargeBytes, PartBytes                                          int
}

type described struct {
	Size     int64
	Type     string
	Metadata map[string]string
}

// client is what both SDKs can do.
type client interface {
	put(ctx context.Context, key string, body io.Reader, size int64) error
	head(ctx context.Context, key string) (described, error)
	get(ctx context.Context, key, byteRange string) ([]byte, error)
	copy(ctx context.Context, from, to string) error
	presign(ctx context.Context, key string) (string, error)
	remove(ctx context.Context, key string) error
	list(ctx context.Context, prefix string) ([]string, error)
	upload(ctx context.Context, key string, body io.Reader) error
}

var metadata = map[string]string{"note": "a b, c", "mixedcase": "~!*'()"}

const contentType = "text/plain; charset=utf-8"

func tell(operation string, number int, outcome any, err error) {
	if err != nil {
		outcome = "error: " + err.Error()
	}
	line, _ := json.Marshal([]any{operation, number, outcome})
	fmt.Println(string(line))
}

func fetch(url string) ([]byte, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%d: %s", answer.StatusCode, body)
	}
	return body, err
}

func one(ctx context.Context, c client, j job, number int) {
	name := j.Keys[number]
	key := j.Prefix + name
	content := "content of " + name
	tell("put", number, "", c.put(ctx, key, strings.NewReader(content), int64(len(content))))
	head, err := c.head(ctx, key)
	tell("head", number, head, err)
	body, err := c.get(ctx, key, "")
	tell("get", number, string(body), err)
	body, err = c.get(ctx, key, "bytes=2-5")
	tell("range", number, string(body), err)
	tell("copy", number, "", c.copy(ctx, key, key+".copy"))
	body, err = c.get(ctx, key+".copy", "")
	tell("get copy", number, string(body), err)
	tell("delete", number, "", c.remove(ctx, key+".copy"))
	if url, err := c.presign(ctx, key); url != "" || err != nil {
		body, err := fetch(url)
		tell("presigned", number, string(body), err)
	}
}

// unsized hides what a reader is, so that nobody can ask it for its length.
type unsized struct{ io.Reader }

func large(ctx context.Context, c client, j job) {
	content := strings.Repeat("0123456789abcdef", j.LargeBytes/16)
	key := j.Prefix + "large +é"
	tell("upload", -1, "", c.upload(ctx, key, unsized{strings.NewReader(content)}))
	body, err := c.get(ctx, key, "")
	sum := sha256.Sum256(body)
	tell("get large", -1, hex.EncodeToString(sum[:]), err)
}

func main() {
	if os.Args[1] == "services" {
		services()
		return
	}
	ctx := context.Background()
	var j job
	text, err := os.ReadFile(os.Args[2])
	if err == nil {
		err = json.Unmarshal(text, &j)
	}
	if err != nil {
		panic(err)
	}
	c := map[string]func(job) client{"sdk": newSDK, "minio": newMinio}[os.Args[1]](j)
	for number := range j.Keys {
		one(ctx, c, j, number)
	}
	large(ctx, c, j)
	keys, err := c.list(ctx, j.Prefix)
	sort.Strings(keys)
	tell("list", -1, keys, err)
}
