import { DIDSession } from '../../../src/index.js'
import { testWallet } from '../../../src/testing/index.js'
import { ethereumAuth } from '../../../src/wallet/ethereum/index.js'

// A page with a player that a test controls.

/** The guide's code, served as its own module. */
interface Guide {
  showFilm(session: DIDSession, video: HTMLVideoElement, url: string, expiresInSecs?: number): Promise<void>
}
const GUIDE = '/guide.js'

const wallet = testWallet()
let session: DIDSession
let video: HTMLVideoElement
let loads = 0

function makePlayer(): void {
  video?.remove()
  video = document.createElement('video')
  // Without sound it may start without a click.
  video.muted = true
  video.preload = 'auto'
  loads = 0
  video.addEventListener('loadedmetadata', () => loads++)
  document.body.append(video)
}

/** Simulates a player that reports position 0 after an error, as WebKit's sometimes does. */
function forgetPositionAfterError(): void {
  const own = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'currentTime')
  Object.defineProperty(video, 'currentTime', {
    get: () => (video.error ? 0 : own?.get?.call(video)),
    set: (secs: number) => own?.set?.call(video, secs),
  })
}

/** Calls something on the player, and waits for its event. */
function outcome(of: 'loadedmetadata' | 'seeked', work: () => void): Promise<string> {
  return new Promise((resolve) => {
    const reached = (): void => {
      // It may have looked for another position before, and emit that event only now.
      if (of !== 'seeked' || !video.seeking) resolve(of)
    }
    video.addEventListener(of, reached)
    video.addEventListener('error', () => resolve('refused'), { once: true })
    work()
  })
}

const film = {
  async signIn(): Promise<void> {
    const auth = ethereumAuth(wallet.provider, wallet.account)
    session = await DIDSession.get(wallet.account, auth, { resources: [`${location.origin}/*`] })
  },
  sign: (url: string): Promise<string> => session.signURL(url),
  /** Loads the film in a new player. */
  load(url: string): Promise<string> {
    makePlayer()
    return outcome('loadedmetadata', () => {
      video.src = url
    })
  },
  seek: (secs: number): Promise<string> =>
    outcome('seeked', () => {
      video.currentTime = secs
    }),
  look: () => ({
    duration: video.duration,
    currentTime: video.currentTime,
    paused: video.paused,
    /** How often it has loaded, and whether it has the right content. */
    loads,
    isThere: !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA,
    width: video.videoWidth,
  }),
  /** Loads the film in a new player as the guide does. */
  async show(path: string, expiresInSecs: number): Promise<string> {
    const { showFilm } = (await import(GUIDE)) as Guide
    makePlayer()
    forgetPositionAfterError()
    return outcome(
      'loadedmetadata',
      () => void showFilm(session, video, location.origin + path, expiresInSecs),
    )
  },
  start: (): Promise<void> => video.play(),
  /** Records a short film, and sends it to the server. */
  async record(url: string): Promise<void> {
    const canvas = document.createElement('canvas')
    const context = canvas.getContext('2d')
    const recorder = new MediaRecorder(canvas.captureStream())
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => parts.push(data)
    recorder.start()
    for (let i = 0; i < 20; i++) {
      context?.fillRect(i, i, 10, 10)
      await new Promise(requestAnimationFrame)
    }
    await new Promise((resolve) => {
      recorder.onstop = resolve
      recorder.stop()
    })
    await fetch(url, { method: 'PUT', headers: { 'content-type': recorder.mimeType }, body: new Blob(parts) })
  },
  /** Sets this page's clock ahead from now on. */
  ahead(ms: number): void {
    const { now } = Date
    Date.now = () => now() + ms
  },
  /** Clicks a link to a file, which the browser downloads. */
  download(url: string): void {
    const link = document.createElement('a')
    link.href = url
    link.download = 'beans.wav'
    document.body.append(link)
    link.click()
  },
}

export type Film = typeof film

Object.assign(globalThis, { film })
