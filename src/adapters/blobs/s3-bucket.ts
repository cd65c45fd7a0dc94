// Requests to one S3 bucket: objects by name, failures as codes of the catalogue.
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { Config } from '../../config/config.ts';
import { MailroomError } from '../../domain/errors.ts';
import { blobError } from './errors.ts';

interface ListedObject {
  name: string;
  /** Epoch ms. */
  modified: number | undefined;
}

/** @throws MailroomError CONFIG_INVALID without a bucket */
export function openBucket(config: Config['blobs']['s3']) {
  const { bucket: Bucket, endpoint, accessKeyId, secretAccessKey } = config;
  if (Bucket === undefined) {
    throw new MailroomError('CONFIG_INVALID', { message: 'blobs.s3.bucket is missing', field: 'blobs.s3.bucket' });
  }
  const settings: S3ClientConfig = {
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    // Without these, S3 look-alikes without checksum trailers store the trailer as content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, httpsAgent: { maxSockets: 64 } },
  };
  if (endpoint !== undefined) settings.endpoint = endpoint;
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    settings.credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client(settings);
  const place = `bucket ${Bucket}${endpoint === undefined ? '' : ` at ${new URL(endpoint).host}`}`;

  /** For catch(): the error of the failed command. */
  const failed =
    (command: string) =>
    (thrown: unknown): never => {
      throw blobError(thrown, command, place);
    };
  const orMissing = (command: string) => (thrown: unknown) => (isMissing(thrown) ? undefined : failed(command)(thrown));

  return {
    client,
    name: Bucket,
    failed,
    async put(Key: string, Body: Uint8Array): Promise<void> {
      const command = new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/octet-stream' });
      await client.send(command).catch(failed('PutObject'));
    },
    /** Creates an empty object. @returns false: it exists, or is being created by another process at this moment */
    async create(Key: string): Promise<boolean> {
      const command = new PutObjectCommand({ Bucket, Key, Body: new Uint8Array(0), IfNoneMatch: '*' });
      return client.send(command).then(
        () => true,
        (thrown: { $metadata?: { httpStatusCode?: number } }) => {
          const status = thrown.$metadata?.httpStatusCode;
          return status === 412 || status === 409 ? false : failed('PutObject')(thrown);
        },
      );
    },
    async copy(from: string, Key: string): Promise<void> {
      const CopySource = `${Bucket}/${from.split('/').map(encodeURIComponent).join('/')}`;
      await client.send(new CopyObjectCommand({ Bucket, Key, CopySource })).catch(failed('CopyObject'));
    },
    async remove(Key: string): Promise<void> {
      await client.send(new DeleteObjectCommand({ Bucket, Key })).catch(failed('DeleteObject'));
    },
    /** Size and age (epoch ms); undefined when there is no such object. */
    async head(Key: string): Promise<{ size: number; modified: number } | undefined> {
      const found = await client.send(new HeadObjectCommand({ Bucket, Key })).catch(orMissing('HeadObject'));
      return found && { size: found.ContentLength ?? 0, modified: found.LastModified?.getTime() ?? 0 };
    },
    /** Bytes [start, end); undefined when there is no such object. */
    async read(Key: string, start: number, end: number): Promise<AsyncIterable<Uint8Array> | undefined> {
      const command = new GetObjectCommand({ Bucket, Key, Range: `bytes=${start}-${end - 1}` });
      const object = await client.send(command).catch(orMissing('GetObject'));
      return object?.Body instanceof Readable ? object.Body : undefined;
    },
    /** All objects of the prefix, page by page. */
    async *pages(): AsyncGenerator<ListedObject[]> {
      let ContinuationToken: string | undefined;
      do {
        const page = await client
          .send(new ListObjectsV2Command({ Bucket, Prefix: config.prefix, ContinuationToken }))
          .catch(failed('ListObjectsV2'));
        yield (page.Contents ?? []).map(({ Key = '', LastModified }) => ({
          name: Key,
          modified: LastModified?.getTime(),
        }));
        ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    },
  };
}

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown.name === 'NoSuchKey' || thrown.name === 'NotFound');
