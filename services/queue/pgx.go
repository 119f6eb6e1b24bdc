package queue

// InsertSQL begins a statement that enqueues a job together with what it follows from, where every round trip counts.
// A SELECT of its arguments (jsonb), kind and most attempts must follow; everything else keeps River's defaults, as its
// documentation has it for programs in other languages. Nobody is woken: workers find the job when they look next,
// within a second.
const InsertSQL = `INSERT INTO river_job (args, kind, max_attempts)`
