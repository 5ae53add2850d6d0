/**
 * Rows as text: the first column to the left, the others to the right.
 *
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row) =>
    widths.map((width, i) => (i === 0 ? pad(row[i], width) : pad(row[i], -width))).join('  ')
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)]
    .map((text) => text.trimEnd())
    .join('\n')
}

function pad(text = '', width) {
  return width > 0 ? text.padEnd(width) : text.padStart(-width)
}
