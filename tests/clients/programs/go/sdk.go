package main

import (
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// sdk is AWS's own, with its defaults; the environment has its keys and the authority to trust.
type sdk struct {
	job
	*s3.Client
}

func newSDK(j job) client {
	loaded, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	return sdk{j, s3.NewFromConfig(loaded, func(o *s3.Options) {
		o.BaseEndpoint = &j.Endpoint
		o.UsePathStyle = true
	})}
}

func (c sdk) put(ctx context.Context, key string, body io.Reader, size int64) error {
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &c.Bucket, Key: &key, Body: body,
		ContentType: aws.String(contentType), Metadata: metadata})
	return err
}

func (c sdk) head(ctx context.Context, key string) (described, error) {
	found, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.Bucket, Key: &key})
	if err != nil {
		return described{}, err
	}
	return described{*found.ContentLength, *found.ContentType, found.Metadata}, nil
}

func (c sdk) get(ctx context.Context, key, byteRange string) ([]byte, error) {
	input := s3.GetObjectInput{Bucket: &c.Bucket, Key: &key}
	if byteRange != "" {
		input.Range = &byteRange
	}
	found, err := c.GetObject(ctx, &input)
	if err != nil {
		return nil, err
	}
	defer found.Body.Close()
	return io.ReadAll(found.Body)
}

func (c sdk) copy(ctx context.Context, from, to string) error {
	// The SDK leaves the encoding of this header to its caller.
	source := strings.ReplaceAll(url.QueryEscape(c.Bucket+"/"+from), "+", "%20")
	_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &c.Bucket, Key: &to, CopySource: &source})
	return err
}

func (c sdk) presign(ctx context.Context, key string) (string, error) {
	signed, err := s3.NewPresignClient(c.Client).PresignGetObject(ctx,
		&s3.GetObjectInput{Bucket: &c.Bucket, Key: &key}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		return "", err
	}
	return signed.URL, nil
}

func (c sdk) remove(ctx context.Context, key string) error {
	_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &c.Bucket, Key: &key})
	return err
}

func (c sdk) list(ctx context.Context, prefix string) (keys []string, err error) {
	pages := s3.NewListObjectsV2Paginator(c.Client,
		&s3.ListObjectsV2Input{Bucket: &c.Bucket, Prefix: &prefix, MaxKeys: aws.Int32(7)})
	for pages.HasMorePages() && err == nil {
		var page *s3.ListObjectsV2Output
		if page, err = pages.NextPage(ctx); err == nil {
			for _, each := range page.Contents {
				keys = append(keys, strings.TrimPrefix(*each.Key, prefix))
			}
		}
	}
	return keys, err
}

func (c sdk) upload(ctx context.Context, key string, body io.Reader) error {
	_, err := manager.NewUploader(c.Client).Upload(ctx, &s3.PutObjectInput{Bucket: &c.Bucket, Key: &key, Body: body})
	return err
}
