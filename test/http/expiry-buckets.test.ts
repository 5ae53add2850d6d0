import { expect, it } from 'vitest'
import { ExpiryBuckets } from '../../src/http/replay.js'

it('expired items are removed in order, even with many different expiry times', () => {
  const buckets = new ExpiryBuckets<number[]>(() => [])
  const count = 200_000
  for (let i = 0; i < count; i++) buckets.at(i * 5000).push(i)
  expect(buckets.takeExpired(4999)).toEqual([])
  expect(buckets.takeExpired(5000)).toEqual([[0]])
  expect(buckets.takeExpired(10_000)).toEqual([[1]])
  expect(buckets.takeExpired(count * 5000)).toHaveLength(count - 2)
  expect(buckets.takeExpired(count * 5000)).toEqual([])
})
