export const engineNames = ['chromium', 'firefox', 'webkitgtk'] as const

export type EngineName = (typeof engineNames)[number]

interface Found<Name extends EngineName> {
  readonly name: Name
  readonly version: string
  readonly executable: string
}

export interface ChromiumEngine extends Found<'chromium'> {
  /** The folder of the browser's own libraries, if it has them. */
  readonly env?: Readonly<Record<string, string>>
}

export type FirefoxEngine = Found<'firefox'>

export interface WebKitEngine extends Found<'webkitgtk'> {
  readonly driver: string
  readonly xvfb: string
}

export type Engine = ChromiumEngine | FirefoxEngine | WebKitEngine

export interface MissingEngine {
  readonly name: EngineName
  /** What is missing and how to install it. */
  readonly reason: string
}

export const engineTitles: Readonly<Record<EngineName, string>> = {
  chromium: 'Chromium',
  firefox: 'Firefox',
  webkitgtk: 'WebKitGTK',
}

declare module 'vitest' {
  interface ProvidedContext {
    engines: readonly Engine[]
  }
}
