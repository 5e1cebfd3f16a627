// Which runs does this project have?
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $job_type  STRING   only runs of this job type, '' for those without one; null for all
//   $state     STRING   only runs in this state; null for all
//   $limit     INTEGER  at most so many, the newest first
//   $after     INTEGER  leave out so many of the first, given before; null for none
//
// Columns
//   run        MAP      the run's properties
//
// Try    :param project => 'digits'
//   :param job_type => null
//   :param state => null
//   :param limit => 100
//   :param after => null
MATCH (r:Run)
WHERE ($project IS NULL OR r.project = $project) AND ($job_type IS NULL OR coalesce(r.job_type, '') = $job_type)
  AND ($state IS NULL OR r.state = $state)
WITH r ORDER BY r.started_at DESC, r.uid SKIP coalesce($after, 0) LIMIT $limit
RETURN r {.*, started_at: toString(r.started_at), ended_at: toString(r.ended_at), resumed_at: toString(r.resumed_at),
  recorded_at: toString(r.recorded_at)} AS run
