import { DatabaseSync } from 'node:sqlite'
import { sqlMigration } from 'cacao-session/sql'

// Another program that uses the database file: it creates the tables, and renames one while it is told to.

const database = new DatabaseSync(process.env.PLACE)
database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 60000')
database.exec(sqlMigration('sqlite'))
const [used, away] = ['cacao_session_used', 'cacao_session_away']
process.on('message', (order) => {
  const [from, to] = order === 'take' ? [used, away] : [away, used]
  database.exec(`ALTER TABLE ${from} RENAME TO ${to}`)
  process.send?.(order)
})
process.send?.('ready')
process.on('disconnect', () => process.exit())
