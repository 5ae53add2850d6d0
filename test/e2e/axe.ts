import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright'

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The violations that axe finds on the page, with their elements. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await source)
  const found = (await page.evaluate('axe.run()')) as AxeResults
  return found.violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, any, all, none }) =>
      [impact, id, target.join(' '), ...[...any, ...all, ...none].map(({ message }) => message)].join(': '),
    ),
  )
}
