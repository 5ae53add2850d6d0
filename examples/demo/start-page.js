import { bundle } from './bundle.js'
import { run, wantedNumber } from './process.js'
import { serve } from './server.js'
import { print, styled, title } from './terminal.js'

/**
 * Serves an example's page until someone presses Ctrl+C.
 * @param {string} name
 * @param {URL} folder The folder with its index.html and main.js.
 */
export function startPage(name, folder) {
  return run(async () => {
    const port = wantedNumber('PORT', 4363, { least: 0, most: 65_535 })
    const files = await bundle(folder, [
      'index.html',
      '../demo/page/style.css',
      '../demo/page/icon.svg',
      '../../src/sign-in-button/sign-in-button.css',
    ])
    const page = await serve(files, port)
    title(name)
    print(`Page: http://localhost:${page.port}/`)
    print(styled('dim', 'Press Ctrl+C to stop.'))
    print()
    return page.close
  })
}
