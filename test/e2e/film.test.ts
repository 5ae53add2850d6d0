import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { requireSession } from '../../src/middleware/express.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { guide } from '../docs/pages.js'
import { SOON } from '../setup/soon.js'
import { type Browser, openBrowser } from './browser.js'
import { type BundledFile, bundlePage } from './bundle.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'
import type { Film } from './pages/film.js'

// Players request ranges of a film when they need them, and download managers the rest of a file, all with one signed URL.

declare const film: Film

const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>film</title><body><script type="module" src="/page.js"></script>'
const AFTER_SECS = 400
const SECS = 340
const WAV = wav(SECS)
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
// The most that a player gets for one request, so that it must request the rest later.
const MOST = 4_000_000

/** Silence, in a format that every player can play. */
function wav(secs: number): Buffer {
  const [rate, channels, bytes] = [44_100, 2, 2]
  const length = secs * rate * channels * bytes
  const file = Buffer.alloc(44 + length)
  file.write('RIFF')
  file.writeUInt32LE(36 + length, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(channels, 22)
  file.writeUInt32LE(rate, 24)
  file.writeUInt32LE(rate * channels * bytes, 28)
  file.writeUInt16LE(channels * bytes, 32)
  file.writeUInt16LE(bytes * 8, 34)
  file.write('data', 36)
  file.writeUInt32LE(length, 40)
  return file
}

interface Cinema {
  readonly origin: string
  /** The first byte of each range that was sent. */
  readonly sent: number[]
  /** The codes of refusals. */
  readonly refused: string[]
  /** How far its clock is ahead, in milliseconds. */
  aheadMs: number
  close(): void
}

type Answer = ServerResponse<IncomingMessage>

/** A server that sends films for signed URLs. */
async function startCinema(files: ReadonlyMap<string, BundledFile>): Promise<Cinema> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `localhost:${(server.address() as AddressInfo).port}`
  const paths = ['beans', 'whole', 'cut'].map((name) => `/films/${name}.wav`)
  const films = new Map(paths.map((path) => [path, { type: 'audio/wav', bytes: WAV }]))
  const cinema: Cinema = {
    origin: `http://${host}`,
    sent: [],
    refused: [],
    aheadMs: 0,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  const guard = requireSession({
    verifiers: ethereumVerifiers(),
    authority: host,
    domains: [host],
    resources: [`${cinema.origin}/films/*`],
    signedURLs: true,
    now: () => Date.now() + cinema.aheadMs,
    onRefused: ({ code }) => void cinema.refused.push(code),
  })

  function send({ url = '', headers }: IncomingMessage, response: Answer): void {
    const { type, bytes } = films.get(url) ?? { type: 'text/plain', bytes: Buffer.alloc(0) }
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
    const [first, last] = [Number(from ?? 0), to ? Number(to) : bytes.length - 1]
    cinema.sent.push(first)
    const part = bytes.subarray(first, last + 1)
    response.writeHead(from === undefined ? 200 : 206, {
      'accept-ranges': 'bytes',
      'content-length': part.length,
      'content-type': type,
      // Without it, no download resumes after its connection has ended.
      etag: `"${bytes.length}"`,
      ...(from !== undefined && { 'content-range': `bytes ${first}-${last}/${bytes.length}` }),
    })
    const isHeld = url === paths[0] || (url === paths[2] && from === undefined)
    if (!isHeld || part.length <= MOST) return void response.end(part)
    response.write(part.subarray(0, MOST))
    if (url === paths[2]) response.socket?.end()
  }
  async function take(request: IncomingMessage, response: Answer): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(Buffer.from(part))
    const type = request.headers['content-type'] ?? ''
    films.set(request.url ?? '', { type, bytes: Buffer.concat(parts) })
    response.end()
  }

  server.on('request', (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const file = files.get(path)
    if (file !== undefined) response.setHeader('content-type', 'text/javascript').end(file)
    else if (request.method === 'PUT') take(request, response)
    else if (path.startsWith('/films/')) guard(request, response, () => send(request, response))
    else response.setHeader('content-type', 'text/html').end(PAGE)
  })
  return cinema
}

let files: ReadonlyMap<string, BundledFile>
beforeAll(async () => {
  files = new Map(await bundlePage('film.ts')).set('/guide.js', guide('sockets-and-links', 'film'))
})

describeEngines('a film with a signed URL', (engine) => {
  let browser: Browser
  let page: Page
  let cinema: Cinema
  beforeAll(async () => {
    browser = await openBrowser(engine)
    page = browser.page
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    cinema = await startCinema(files)
    await page.goto(cinema.origin)
    await page.waitFor(() => 'film' in globalThis)
    await page.evaluate(() => film.signIn())
  })
  afterEach(() => cinema.close())

  const sign = (path: string): Promise<string> => page.evaluate((url) => film.sign(url), cinema.origin + path)
  const load = (url: string): Promise<string> => page.evaluate((src) => film.load(src), url)
  const seek = (secs: number): Promise<string> => page.evaluate((to) => film.seek(to), secs)
  const look = () => page.evaluate(() => film.look())

  it('plays from any position, with range requests', async () => {
    expect(await load(await sign('/films/beans.wav'))).toBe('loadedmetadata')
    expect((await look()).duration).toBeCloseTo(SECS)
    const before = cinema.sent.length
    for (const secs of [300, 150]) {
      expect(await seek(secs)).toBe('seeked')
      expect((await look()).currentTime).toBe(secs)
    }
    expect(cinema.sent.slice(before).some((first) => first > 0)).toBe(true)
    expect(cinema.refused).toEqual([])
  })

  // WebKitGTK has no recorder.
  it.skipIf(engine.name === 'webkitgtk')('has a picture', async () => {
    await page.evaluate(() => film.record('/films/made.webm'))
    expect(await load(await sign('/films/made.webm'))).toBe('loadedmetadata')
    expect((await look()).width).toBe(300)
    expect([cinema.sent.length > 0, cinema.refused]).toEqual([true, []])
  })

  it('stops loading once the URL has expired, and is refused with another URL', async () => {
    const url = await sign('/films/beans.wav')
    for (const other of [url.replace('beans', 'other'), url.replace('cacao-signature=', 'nothing=')])
      expect(await load(other)).toBe('refused')
    expect(new Set(cinema.refused)).toEqual(new Set(['ERR_REQUEST_SIGNATURE', 'ERR_REQUEST_UNSIGNED']))
    expect(await load(url)).toBe('loadedmetadata')
    cinema.refused.length = 0
    cinema.aheadMs = AFTER_SECS * 1000
    // If WebKitGTK seeks just when it requests the next part, it reports neither an error nor the new position.
    if (engine.name === 'webkitgtk') await page.evaluate(() => void film.seek(300))
    else expect(await seek(300)).toBe('refused')
    await vi.waitFor(() => expect(new Set(cinema.refused)).toEqual(new Set(['ERR_REQUEST_STALE'])), SOON)
    expect((await look()).isThere).toBe(false)
  })

  it('continues with the next URL once the first has expired, as in the guide', async () => {
    expect(await page.evaluate(() => film.show('/films/beans.wav', 60))).toBe('loadedmetadata')
    await page.evaluate(() => film.start())
    cinema.aheadMs = AFTER_SECS * 1000
    await page.evaluate((ms) => film.ahead(ms), cinema.aheadMs)
    // If the player was already refused while it requested the next part, it seeks in what the guide's code has loaded since.
    await page.evaluate(() => void film.seek(300))
    await page.waitFor(() => {
      const { loads, currentTime, isThere, paused } = film.look()
      return loads === 2 && currentTime >= 300 && isThere && !paused
    })
    expect(new Set(cinema.refused)).toEqual(new Set(['ERR_REQUEST_STALE']))
  })

  async function downloaded(path: string): Promise<string> {
    const [tab] = browser.context?.pages() ?? []
    const url = await sign(path)
    const downloading = tab?.waitForEvent('download')
    await page.evaluate((href) => film.download(href), url)
    const download = await downloading
    return digestOf(await readFile((await download?.path()) ?? ''))
  }

  it.skipIf(engine.name === 'webkitgtk')('can be downloaded by a link', async () => {
    expect(await downloaded('/films/whole.wav')).toBe(digestOf(WAV))
    expect(cinema.refused).toEqual([])
  })

  // Other engines need a click before they play.
  it.runIf(engine.name === 'chromium')('is downloaded completely even if the connection breaks', async () => {
    expect(await downloaded('/films/cut.wav')).toBe(digestOf(WAV))
    expect(cinema.sent).toHaveLength(2)
    expect(cinema.sent[1]).toBeGreaterThan(0)
    expect(cinema.refused).toEqual([])
  })
})
