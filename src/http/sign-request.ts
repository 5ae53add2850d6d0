import { toBase64url } from '../base/base64.js'
import { toHex } from '../base/hex.js'
import type { Cacao } from '../capability/cacao.js'
import { assertValidAt } from '../capability/validity.js'
import type { SessionKey } from '../key/session-key.js'
import {
  ALGORITHMS,
  authorizationOf,
  contentDigest,
  DEFAULT_CONTENT_TYPE,
  isCacaoAuthorization,
  keyURL,
  MAX_AGE_SECS,
  messageSignatures,
  SIGNATURE_LABEL,
  SIGNATURE_TAG,
  signedComponents,
} from './signature-profile.js'

const BOUNDARY_BYTES = 16

/**
 * A form as `fetch` would send it (multipart/form-data, by the encoding algorithm of HTML). Written out because WebKitGTK
 * sends forms that hold files, but lets nobody read them, so that they could not be signed.
 */
function multipart(form: FormData): Blob {
  // In lower case, because that is what a Blob makes of its type.
  const boundary = `----form${toHex(crypto.getRandomValues(new Uint8Array(BOUNDARY_BYTES)))}`
  const parts: BlobPart[] = []
  form.forEach((value, name) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCRLF(name))}"`
    if (typeof value === 'string') parts.push(`${head}\r\n\r\n${withCRLF(value)}\r\n`)
    else {
      const type = value.type || 'application/octet-stream'
      parts.push(`${head}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n')
    }
  })
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` })
}

function withCRLF(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n')
}

function escaped(text: string): string {
  return text.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22')
}

const NONCE_BYTES = 16

/**
 * A copy of the request with the capability in `Authorization` and the key's signature (RFC 9421) over method,
 * authority, path, query, capability, body and the body's type. Valid for 60 seconds, and once. Rejects with
 * `ERR_CAPABILITY_EXPIRED`, and with a `TypeError` for a request that can't carry a signature.
 */
export async function signRequest(
  request: Request,
  { key, cacao }: { readonly key: SessionKey; readonly cacao: Cacao },
  now: number,
): Promise<Request> {
  assertValidAt(cacao, now)
  const body = await bodyOf(request)
  const signed = unsignedCopy(request, body)
  const { headers } = signed
  headers.set('authorization', authorizationOf(cacao))
  if (body.length > 0) {
    headers.set('content-digest', await contentDigest(body))
    if (!headers.get('content-type')) headers.set('content-type', DEFAULT_CONTENT_TYPE)
  }

  const { createSignature } = await messageSignatures()
  const algorithm = ALGORITHMS[key.type]
  const created = Math.floor(now / 1000)
  const { signature, signatureInput } = await createSignature(
    {
      kind: 'request',
      method: request.method,
      targetUri: signed.url,
      fields: Array.from(headers, ([name, value]) => ({ name, value })).filter(({ name }) =>
        SIGNED.has(name),
      ),
    },
    {
      label: SIGNATURE_LABEL,
      components: signedComponents(body.length > 0),
      parameters: {
        created,
        expires: created + MAX_AGE_SECS,
        nonce: toBase64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))),
        keyid: keyURL(key.did),
        alg: algorithm,
        tag: SIGNATURE_TAG,
      },
      signer: { algorithm, sign: (data) => key.sign(data) },
    },
  )
  headers.set('signature-input', signatureInput)
  headers.set('signature', signature)
  if (headers.get('signature') === signature) return signed
  throw new TypeError('a request of mode "no-cors" can carry no signature: use "cors" or "same-origin"')
}

/**
 * The request that `fetch` would send. A stream is read to its end first, and a form written out: they have to be signed
 * before they are sent, and not every engine lets one read them in a request.
 */
export async function requestOf(input: RequestInfo | URL, init: RequestInit = {}): Promise<Request> {
  const { body } = init
  if (body instanceof ReadableStream)
    return new Request(input, { ...init, body: await new Response(body).arrayBuffer() })
  return new Request(input, body instanceof FormData ? { ...init, body: multipart(body) } : init)
}

const SIGNED: ReadonlySet<string> = new Set(signedComponents(true))

function unsignedCopy(request: Request, body: Uint8Array<ArrayBuffer>): Request {
  // A clone is the only copy that keeps all that a request may say: signal, referrer policy, credentials, mode.
  const clone = withoutFragment(request.clone(), body)
  try {
    return withoutSignature(clone)
  } catch {
    // The headers can't be changed of a request that a service worker or a server has received, nor those of its clones.
    return withoutSignature(new Request(clone))
  }
}

/** The request without the part of its URL that is never sent, so that what is signed is what a server sees. */
function withoutFragment(clone: Request, body: Uint8Array<ArrayBuffer>): Request {
  const [sent = '', fragment] = clone.url.split('#', 2)
  if (fragment === undefined) return clone
  // The body is given once more, because Firefox doesn't take it over from another request.
  return new Request(new Request(sent, clone), body.length > 0 ? { body } : undefined)
}

function withoutSignature(request: Request): Request {
  for (const name of ['signature', 'signature-input', 'content-digest']) request.headers.delete(name)
  return request
}

async function bodyOf(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const authorization = request.headers.get('authorization')
  if (authorization !== null && !isCacaoAuthorization(authorization)) {
    throw new TypeError('the request has an Authorization already, and a session needs that header')
  }
  if (request.bodyUsed)
    throw new TypeError("the request's body was read already: sign the request before, or a clone of it")
  try {
    return new Uint8Array(await request.clone().arrayBuffer())
  } catch (cause) {
    throw new TypeError("the request's body can't be read twice, as it must be to sign and to send it", {
      cause,
    })
  }
}
