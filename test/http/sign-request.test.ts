import { beforeAll, describe, expect, it, vi } from 'vitest'
import { requestOf } from '../../src/http/sign-request.js'
import { verifyRequest } from '../../src/http/verify-request.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import {
  acceptingOnce,
  NOW,
  post,
  type TestSigner,
  testSigner,
  URL_OF_NOTES,
} from '../setup/request-signer.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})
const bytes = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, i) => i % 251)
const stream = (...parts: string[]): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part))
      controller.close()
    },
  })
function form(): FormData {
  const data = new FormData()
  data.set('note', 'ü')
  data.set('a "name"\n', 'one\ntwo')
  data.set('file', new Blob([bytes(300)]), 'beans.bin')
  return data
}
/** Requests as service workers, Deno and Cloudflare pass them. */
function received(request: Request): Request {
  const refuse = (): never => {
    throw new TypeError('headers are immutable')
  }
  const { clone } = request
  Object.assign(request.headers, { append: refuse, delete: refuse, set: refuse })
  return Object.assign(request, { clone: () => received(clone.call(request)) })
}
const URL_OF_TYPED = 'https://api.example.com/notes'
const readable = ({ url, method, headers, bodyUsed }: Request): object => ({ url, method, headers, bodyUsed })

const requestToSend = (url: string, init: RequestInit): Promise<Request> =>
  requestOf(url, init, () => undefined)

describe('a signed request', () => {
  const bodies: [string, () => NonNullable<RequestInit['body']>][] = [
    ['a string', () => 'Buy cacao beans ü'],
    ['bytes', () => bytes(100_000)],
    ['a buffer', () => bytes(33).buffer],
    ['a blob', () => new Blob(['blob'], { type: 'text/plain' })],
    ['form fields', () => new URLSearchParams({ a: '1', b: 'ü & more' })],
  ]
  it('refuses a content type that is not ASCII', async () => {
    const typed = (type: string) =>
      new Request(URL_OF_TYPED, { method: 'POST', body: 'x', headers: { 'content-type': type } })
    await expect(signer.sign(typed('text/plain; name="ü"'))).rejects.toThrow('content-type must be ASCII')
    const signed = await signer.sign(typed('text/plain; name="u"'))
    expect(await verifyRequest(signed, acceptingOnce)).toMatchObject({ keyDID: signer.key.did })
  })

  it.each(bodies)('contains %s, unchanged and signed', async (_, body) => {
    const request = post(body())
    const sent = new Uint8Array(await request.clone().arrayBuffer())
    const signed = await signer.sign(request)
    expect(signed.headers.get('content-type')).toBe(
      request.headers.get('content-type') ?? 'application/octet-stream',
    )
    expect(await verifyRequest(signed, acceptingOnce)).toMatchObject({ keyDID: signer.key.did })
    expect(new Uint8Array(await signed.arrayBuffer())).toEqual(sent)
    // The given request is unchanged.
    expect(request.headers.has('signature')).toBe(false)
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(sent)
  })

  it('contains a stream, which is read before it is sent', async () => {
    const request = await requestToSend(URL_OF_NOTES, {
      method: 'POST',
      body: stream('Buy ', 'cacao ', 'beans'),
    })
    const signed = await signer.sign(request)
    await verifyRequest(signed, acceptingOnce)
    expect(await signed.text()).toBe('Buy cacao beans')
  })

  it('contains a form, with files', async () => {
    const signed = await signer.sign(await requestToSend(URL_OF_NOTES, { method: 'POST', body: form() }))
    await verifyRequest(signed, acceptingOnce)
    const type = signed.headers.get('content-type') ?? ''
    // Parsed as a server would parse it.
    const received = await new Response(await signed.arrayBuffer(), {
      headers: { 'content-type': type },
    }).formData()
    expect([...received.values()].slice(0, 2)).toEqual(['ü', 'one\r\ntwo'])
    const file = received.get('file') as File
    expect([file.name, file.type]).toEqual(['beans.bin', 'application/octet-stream'])
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes(300))
  })

  it('contains a form in the encoding that HTML defines', async () => {
    const data = new FormData()
    data.set('a "name"\n', 'one\ntwo')
    data.set('file', new Blob(['x'], { type: 'text/plain' }), 'be"ans.txt')
    const request = await requestToSend(URL_OF_NOTES, { method: 'POST', body: data })
    const [, boundary = ''] = /boundary=(.+)$/.exec(request.headers.get('content-type') ?? '') ?? []
    expect(await request.text()).toBe(
      [
        `--${boundary}`,
        'Content-Disposition: form-data; name="a %22name%22%0D%0A"',
        '',
        'one\r\ntwo',
        `--${boundary}`,
        'Content-Disposition: form-data; name="file"; filename="be%22ans.txt"',
        'Content-Type: text/plain',
        '',
        'x',
        `--${boundary}--`,
        '',
      ].join('\r\n'),
    )
  })

  it('whose body can not be read is rejected and not sent unsigned', async () => {
    const request = {
      ...readable(post()),
      clone: () => ({ arrayBuffer: () => Promise.reject(new Error('no')) }),
    }
    const error = await failureOf(() => signer.sign(request as unknown as Request))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain("can't be read twice")
  })

  it('without a body has no digest', async () => {
    const get = await signer.sign(new Request(URL_OF_NOTES))
    const empty = await signer.sign(post(''))
    for (const signed of [get, empty]) {
      expect(signed.headers.has('content-digest')).toBe(false)
      await verifyRequest(signed, acceptingOnce)
    }
  })

  it('names its components and parameters as the profile says', async () => {
    const { headers } = await signer.sign(post())
    const { did } = signer.key
    expect(headers.get('signature-input')).toMatch(
      new RegExp(
        '^cacao=\\("@method" "@authority" "@path" "@query" "authorization" "content-digest" "content-type"\\)' +
          `;created=${NOW / 1000};expires=${NOW / 1000 + 3600};nonce="[-\\w]{22}"` +
          `;keyid="${did}#${did.slice(8)}";alg="ecdsa-p256-sha256";tag="cacao-session-2"$`,
      ),
    )
    expect(headers.get('authorization')).toMatch(/^CACAO [-\w]+$/)
    expect(headers.get('content-digest')).toMatch(/^sha-256=:[A-Za-z0-9+/]{43}=:$/)
  })

  it('has a new nonce each time', async () => {
    const nonces = await Promise.all(
      [1, 2, 3].map(
        async () =>
          /nonce="[^"]+"/.exec((await signer.sign(post())).headers.get('signature-input') ?? '')?.[0],
      ),
    )
    expect(new Set(nonces).size).toBe(3)
  })

  it('keeps the other properties of the request', async () => {
    const controller = new AbortController()
    const request = new Request(URL_OF_NOTES, {
      headers: { accept: 'text/plain' },
      credentials: 'include',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: controller.signal,
    })
    const signed = await signer.sign(request)
    expect(signed.headers.get('accept')).toBe('text/plain')
    expect([signed.credentials, signed.redirect, signed.referrerPolicy]).toEqual([
      'include',
      'error',
      'no-referrer',
    ])
    controller.abort()
    expect(signed.signal.aborted).toBe(true)
  })

  it('can be made of a received request, whose headers are immutable', async () => {
    const body = 'Buy cacao beans'
    const signed = await signer.sign(received(post(body)))
    const again = await signer.sign(received(signed.clone()))
    for (const request of [signed, again]) {
      expect((await verifyRequest(request, acceptingOnce)).keyDID).toBe(signer.key.did)
      expect(await request.text()).toBe(body)
    }
  })

  it('can be signed again once it is stale', async () => {
    const first = await signer.sign(post())
    const second = await signer.sign(first, NOW + 361_000)
    await expectCode('ERR_REQUEST_STALE', () =>
      verifyRequest(first, { ...acceptingOnce, now: () => NOW + 361_000 }),
    )
    await verifyRequest(second, { ...acceptingOnce, now: () => NOW + 361_000 })
  })

  it('is signed without the fragment, which servers never see', async () => {
    const signed = await signer.sign(post('a', `${URL_OF_NOTES}#top`))
    await verifyRequest(signed, acceptingOnce)
  })

  it("is sent with the characters percent-encoded that a URI can't contain, and that proxies and engines would encode", async () => {
    const given = 'https://api.example.com/notes/a|b^c[d]?filter[id]={1|2}&at=`\\#[top]'
    const signed = await signer.sign(post('a', given))
    expect(signed.url).toBe(
      'https://api.example.com/notes/a%7Cb%5Ec%5Bd%5D?filter%5Bid%5D=%7B1%7C2%7D&at=%60%5C',
    )
    const resources = (_: Request, { href }: URL): string[] => [href]
    const { url } = await verifyRequest(signed, { ...acceptingOnce, resources })
    expect(url).toBe(signed.url)
    expect(await signed.text()).toBe('a')
  })

  it('keeps its other members if its URL is written anew', async () => {
    const { signal } = new AbortController()
    const init = {
      keepalive: true,
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'manual',
      signal,
    } as const
    const given = new Request(post('a', `${URL_OF_NOTES}?a[]=1#top`), init)
    const signed = await signer.sign(given)
    expect(signed.url).toBe(`${URL_OF_NOTES}?a%5B%5D=1`)
    for (const name of [
      'keepalive',
      'credentials',
      'cache',
      'redirect',
      'mode',
      'referrer',
      'integrity',
    ] as const)
      expect(signed[name]).toBe(given[name])
    expect(signed.headers.get('content-type')).toBe(given.headers.get('content-type'))
    expect(await signed.text()).toBe('a')
  })

  it.each([
    'http://[::1]:8787/notes',
    "https://api.example.com/a%7Cb/%5b/~!$&'()*+,;=:@?x=%7b&/?:@",
    'https://api.example.com',
    'data:,[text]',
    'blob:https://api.example.com/4f0c6d2e-0000-4000-8000-000000000000',
  ])('keeps every other URL, such as %s', async (url) => {
    expect((await signer.sign(new Request(url))).url).toBe(new URL(url).href)
  })
})

describe('signRequest rejects a request', () => {
  it('with a body that was already read', async () => {
    const request = post()
    await request.text()
    const error = await failureOf(() => signer.sign(request))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('before')
  })

  it('with its own Authorization header', async () => {
    const request = new Request(URL_OF_NOTES, { headers: { authorization: 'Bearer abc' } })
    expect(await failureOf(() => signer.sign(request))).toBeInstanceOf(TypeError)
    expect(request.headers.get('authorization')).toBe('Bearer abc')
  })

  it('whose capability has expired', async () => {
    const expired = await testSigner('P-256', { exp: '2026-01-31T11:59:59Z' })
    await expectCode('ERR_CAPABILITY_EXPIRED', () => expired.sign(post()))
  })

  it('whose capability is too long for a header', async () => {
    const many = Array.from({ length: 400 }, (_, i) => `https://api.example.com/a-long-name-of-a-thing/${i}`)
    const large = await testSigner('P-256', { resources: many })
    const error = await expectCode('ERR_REQUEST_TOO_LARGE', () => large.sign(post()))
    expect(error.message).toContain('/*')
  })
})

describe('a large capability', () => {
  const SHORT = `https://api.example.com/${'n'.repeat(3900)}`
  const LONG = `https://api.example.com/${'n'.repeat(4500)}`

  it('causes one warning, above 6,000 bytes', async () => {
    const lines: unknown[] = []
    const warn = vi.spyOn(console, 'warn').mockImplementation((...line) => void lines.push(...line))
    // A newly loaded module has not warned yet.
    vi.resetModules()
    const { signRequest } = await import('../../src/http/sign-request.js')
    const weightOf = async (resource: string): Promise<number> => {
      const { key, cacao } = await testSigner('P-256', { resources: [resource] })
      const { headers } = await signRequest(post(), { key, cacao }, NOW)
      return headers.get('authorization')?.length ?? 0
    }
    try {
      expect(await weightOf(SHORT)).toBeLessThanOrEqual(6000)
      expect(lines).toEqual([])
      const weight = await weightOf(LONG)
      expect(weight).toBeGreaterThan(6000)
      await weightOf(LONG)
      expect(lines).toEqual([expect.stringContaining(`takes ${weight} bytes`)])
      expect(lines[0]).not.toContain('nnnn')
    } finally {
      warn.mockRestore()
    }
  })
})
