import { setTimeout as pause } from 'node:timers/promises'
import type { WebDriver } from '../engines/webdriver.js'
import type { PageDriver } from './page.js'

/** WebDriver names keys that print nothing by code points of Unicode's private use area. */
const keys: Readonly<Record<string, string>> = {
  ArrowDown: '\uE015',
  ArrowLeft: '\uE012',
  ArrowRight: '\uE014',
  ArrowUp: '\uE013',
  Alt: '\uE00A',
  Backspace: '\uE003',
  Control: '\uE009',
  Delete: '\uE017',
  End: '\uE010',
  Enter: '\uE007',
  Escape: '\uE00C',
  Home: '\uE011',
  Meta: '\uE03D',
  Shift: '\uE008',
  Tab: '\uE004',
}

const sizes = '() => [innerWidth, innerHeight, outerWidth, outerHeight]'
type Sizes = readonly [innerWidth: number, innerHeight: number, outerWidth: number, outerHeight: number]

/** The page learns its window's new size some time after the driver has answered. */
async function resizeViewport(driver: WebDriver, width: number, height: number): Promise<void> {
  const read = async (): Promise<Sizes> => (await driver.run(sizes, [])) as Sizes
  const [innerWidth, innerHeight, outerWidth, outerHeight] = await read()
  await driver.resizeWindow(width + outerWidth - innerWidth, height + outerHeight - innerHeight)
  const deadline = Date.now() + 60_000
  for (;;) {
    const [currentWidth, currentHeight] = await read()
    if (currentWidth === width && currentHeight === height) return
    if (Date.now() > deadline)
      throw new Error(`the page stays at ${currentWidth} by ${currentHeight}, not ${width} by ${height}`)
    await pause(20)
  }
}

export function webDriverDriver(driver: WebDriver): PageDriver {
  return {
    goto: (url) => driver.goto(url),
    reload: () => driver.reload(),
    goBack: () => driver.back(),
    run: (source, args) => driver.run(source, args),
    click: (selector) => driver.click(selector),
    drag: (from, to) => driver.drag(from, to),
    type: (selector, text) => driver.type(selector, text),
    press: (key) => driver.press(key.split('+').map((name) => keys[name] ?? name)),
    setViewport: (width, height) => resizeViewport(driver, width, height),
    screenshot: () => driver.screenshot(),
    close: () => driver.closeWindow(),
  }
}
