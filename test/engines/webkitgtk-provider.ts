import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserModuleMocker, BrowserProvider, BrowserProviderOption, TestProject } from 'vitest/node'
import type { WebKitEngine } from './engine.js'
import { startWebDriver, type WebDriver } from './webdriver.js'

declare module 'vitest/node' {
  interface _BrowserNames {
    webkitgtk: 'webkitgtk'
  }
}

declare module 'vitest/browser' {
  interface BrowserCommands {
    __vitest_viewport(options: { width: number; height: number }): Promise<void>
  }
}

const cannot = (): Promise<never> => Promise.reject(new Error('no module can be mocked in WebKitGTK'))
const NO_MOCKS: BrowserModuleMocker = { register: cannot, delete: cannot, clear: async () => {} }

class WebKitGtkProvider implements BrowserProvider {
  readonly name = 'webkitgtk'
  // Vitest runs lanes in parallel only if both providers allow it.
  readonly supportsParallelism = true
  readonly mocker = NO_MOCKS
  readonly #engine: WebKitEngine
  #driver: Promise<WebDriver> | undefined

  constructor(project: TestProject, engine: WebKitEngine) {
    this.#engine = engine
    // Vitest calls it before every file. These tests need no window size.
    project.browser?.registerCommand('__vitest_viewport', async () => {})
  }

  getCommandsContext(): Record<string, unknown> {
    return {}
  }

  async openPage(_sessionId: string, url: string): Promise<void> {
    this.#driver ??= startWebDriver(this.#engine)
    await (await this.#driver).goto(url)
  }

  async close(): Promise<void> {
    const driver = this.#driver
    this.#driver = undefined
    await (await driver?.catch(() => undefined))?.close()
  }
}

/** Lets vitest's browser mode use the system's WebKitGTK, which playwright can't drive. */
export function webkitgtk(engine: WebKitEngine): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'webkitgtk',
    supportedBrowser: ['webkitgtk'],
    providerFactory: (project) => new WebKitGtkProvider(project, engine),
  })
}
