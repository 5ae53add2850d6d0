import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const workflow = read('.github/workflows/release.yml')

it('the release workflow pins actions to commits', () => {
  const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action)
  expect(actions.length).toBeGreaterThan(0)
  for (const action of actions) expect(action).toMatch(/@[0-9a-f]{40}$/)
})

it('the release workflow runs the checks first, and publishes with provenance', () => {
  const [before, publish] = workflow.split('  publish:\n')
  expect(before).toContain('bash .ci/run')
  expect(publish).toContain('needs: check')
  expect(publish).toContain('npm publish --provenance')
  // Only the publishing job may request a token for npm.
  expect([before?.includes('id-token'), publish?.includes('id-token: write')]).toEqual([false, true])
})

it('the changelog has an entry for this version', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## ${version.replaceAll('.', '\\.')}`, 'm'))
})
