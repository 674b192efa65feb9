package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// store is minio-go. Its endpoint takes no path, so it has the proxy as what it is: a forward proxy.
type store struct {
	job
	*minio.Client
}

func newMinio(j job) client {
	address, err := url.Parse(j.Endpoint)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	if text, err := os.ReadFile(os.Getenv("AWS_CA_BUNDLE")); err == nil {
		roots.AppendCertsFromPEM(text)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	if j.Proxy != "" {
		proxy, err := url.Parse(j.Proxy)
		if err != nil {
			panic(err)
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	made, err := minio.New(address.Host, &minio.Options{Secure: address.Scheme == "https", Transport: transport,
		Creds: credentials.NewStaticV4(j.Access, j.Secret, j.Token), Region: j.Region, BucketLookup: minio.BucketLookupPath})
	if err != nil {
		panic(err)
	}
	return store{j, made}
}

func (c store) put(ctx context.Context, key string, body io.Reader, size int64) error {
	_, err := c.PutObject(ctx, c.Bucket, key, body, size,
		minio.PutObjectOptions{ContentType: contentType, UserMetadata: metadata})
	return err
}

func (c store) head(ctx context.Context, key string) (described, error) {
	found, err := c.StatObject(ctx, c.Bucket, key, minio.StatObjectOptions{})
	return described{found.Size, found.ContentType, found.UserMetadata}, err
}

func (c store) get(ctx context.Context, key, byteRange string) ([]byte, error) {
	options := minio.GetObjectOptions{}
	if byteRange != "" {
		if err := options.SetRange(2, 5); err != nil {
			return nil, err
		}
	}
	found, err := c.GetObject(ctx, c.Bucket, key, options)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	return io.ReadAll(found)
}

func (c store) copy(ctx context.Context, from, to string) error {
	_, err := c.CopyObject(ctx, minio.CopyDestOptions{Bucket: c.Bucket, Object: to},
		minio.CopySrcOptions{Bucket: c.Bucket, Object: from})
	return err
}

// A presigned address is AWS's here, which is for others than the proxy's callers: nothing to compare.
func (c store) presign(ctx context.Context, key string) (string, error) {
	return "", nil
}

func (c store) remove(ctx context.Context, key string) error {
	return c.RemoveObject(ctx, c.Bucket, key, minio.RemoveObjectOptions{})
}

func (c store) list(ctx context.Context, prefix string) (keys []string, err error) {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for each := range c.ListObjects(ctx, c.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: 7}) {
		if each.Err != nil {
			return keys, each.Err
		}
		keys = append(keys, strings.TrimPrefix(each.Key, prefix))
	}
	return keys, nil
}

func (c store) upload(ctx context.Context, key string, body io.Reader) error {
	_, err := c.PutObject(ctx, c.Bucket, key, body, -1, minio.PutObjectOptions{PartSize: uint64(c.PartBytes)})
	return err
}
