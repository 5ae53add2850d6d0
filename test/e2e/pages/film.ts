import { DIDSession } from '../../../src/index.js'
import { testWallet } from '../../../src/testing/index.js'
import { ethereumAuth } from '../../../src/wallet/ethereum/index.js'

// A page with a player, which a test tells what to play.

/** What the guide prints, served as a module of its own. */
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
  // Without a sound it may start by itself.
  video.muted = true
  video.preload = 'auto'
  loads = 0
  video.addEventListener('loadedmetadata', () => loads++)
  document.body.append(video)
}

/** Has the player say after an error that it is at the beginning, as WebKit's says now and then. */
function forgetPositionAfterError(): void {
  const own = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'currentTime')
  Object.defineProperty(video, 'currentTime', {
    get: () => (video.error ? 0 : own?.get?.call(video)),
    set: (secs: number) => own?.set?.call(video, secs),
  })
}

/** Does something to the player, and waits for what comes of it. */
function outcome(of: 'loadedmetadata' | 'seeked', work: () => void): Promise<string> {
  return new Promise((resolve) => {
    const reached = (): void => {
      // It may have sought another place before, and tell of that only now.
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
  /** Has a new player load the film. */
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
    /** How often it has loaded, and whether it has what belongs there. */
    loads,
    isThere: !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA,
    width: video.videoWidth,
  }),
  /** Has a new player load the film as the guide does. */
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
  /** Makes a short film, and gives it to the server. */
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
  /** This page's clock is ahead from now on. */
  ahead(ms: number): void {
    const { now } = Date
    Date.now = () => now() + ms
  },
  /** Clicks a link to a file, which the browser then stores. */
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
