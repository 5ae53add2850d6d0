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

const innerSize = '() => [innerWidth, innerHeight]'

/** The window has bars, so the size asked for is corrected once by what the page then sees. */
async function resizeViewport(driver: WebDriver, width: number, height: number): Promise<void> {
  await driver.resizeWindow(width, height)
  const [innerWidth, innerHeight] = (await driver.run(innerSize, [])) as [number, number]
  if (innerWidth > width) {
    throw new Error(
      `MiniBrowser's toolbar makes the page at least ${innerWidth} wide, which is more than ${width}`,
    )
  }
  await driver.resizeWindow(2 * width - innerWidth, 2 * height - innerHeight)
}

export function webDriverDriver(driver: WebDriver): PageDriver {
  return {
    goto: (url) => driver.goto(url),
    reload: () => driver.reload(),
    run: (source, args) => driver.run(source, args),
    click: (selector) => driver.click(selector),
    type: (selector, text) => driver.type(selector, text),
    press: (key) => driver.press(key.split('+').map((name) => keys[name] ?? name)),
    setViewport: (width, height) => resizeViewport(driver, width, height),
    screenshot: () => driver.screenshot(),
  }
}
