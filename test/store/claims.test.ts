import { beforeEach, describe, expect, it } from 'vitest'
import { claim, release } from '../../src/store/claims.js'
import { Connection } from '../../src/store/connection.js'
import { clearOrigin } from '../setup/origin.js'

const later = (): number => Date.now() + 60_000

describe('a claim', () => {
  let tabs: [Connection, Connection]
  beforeEach(async () => {
    await clearOrigin()
    tabs = [new Connection('cacao-session', 2000), new Connection('cacao-session', 2000)]
  })

  it("is one tab's, of however many ask at a time", async () => {
    const [one, two] = tabs
    const answers = await Promise.all([
      claim(one, 'prompt', 'a', later()),
      claim(two, 'prompt', 'b', later()),
      claim(one, 'prompt', 'c', later()),
    ])
    expect(answers.filter((isOurs) => isOurs)).toHaveLength(1)
  })

  it('can be had again by whoever has it, and once it was given back', async () => {
    const [one, two] = tabs
    expect(await claim(one, 'prompt', 'a', later())).toBe(true)
    expect(await claim(one, 'prompt', 'a', later())).toBe(true)
    expect(await claim(two, 'prompt', 'b', later())).toBe(false)
    await release(one, 'prompt', 'a')
    expect(await claim(two, 'prompt', 'b', later())).toBe(true)
  })

  it('can not be given back by another', async () => {
    const [one, two] = tabs
    await claim(one, 'prompt', 'a', later())
    await release(two, 'prompt', 'b')
    expect(await claim(two, 'prompt', 'b', later())).toBe(false)
  })

  it('ends with its time, whatever became of who had it', async () => {
    const [one, two] = tabs
    await claim(one, 'prompt', 'a', Date.now() - 1)
    expect(await claim(two, 'prompt', 'b', later())).toBe(true)
  })

  it('of another name is another claim', async () => {
    const [one, two] = tabs
    await claim(one, 'prompt', 'a', later())
    expect(await claim(two, 'other', 'b', later())).toBe(true)
  })
})
