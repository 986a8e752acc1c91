BEGIN TRANSACTION;
CREATE TABLE daily (
    day TEXT NOT NULL,
    labels TEXT NOT NULL,
    requests INTEGER NOT NULL,
    cost_usd_micros INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_creation_tokens INTEGER NOT NULL,
    PRIMARY KEY (day, labels)
) WITHOUT ROWID;
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    time_ns INTEGER NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    service TEXT,
    session_id TEXT,
    sequence INTEGER,
    prompt_id TEXT,
    request_id TEXT,
    model TEXT,
    profile TEXT,
    cost_usd_micros INTEGER,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_creation_tokens INTEGER,
    duration_ms NUMERIC,
    check_nonce TEXT,
    attributes TEXT NOT NULL
);
INSERT INTO "events" VALUES(1,X'1D8A9F644A6A894043B16AE6367550B300000000',1790000000000000000,'api_request','claude_code.api_request',NULL,'session-1',0,NULL,'req_0','claude-opus-4-8',NULL,1000,10,20,30,40,NULL,NULL,'{"event.name":"api_request","request_id":"req_0","model":"claude-opus-4-8","cost_usd_micros":1000,"cost_usd":0.001,"input_tokens":10,"output_tokens":20,"cache_read_tokens":30,"cache_creation_tokens":40,"cache_creation_1h_tokens":15,"user.id":"5f5f5f5f5f5f5f5f","session.id":"session-1","team":"payments","query_source":"repl_main_thread","event.sequence":0}');
INSERT INTO "events" VALUES(2,X'81E1E6EDDCCC7F7E33782478F848D42B00000000',1790000001000000000,'api_request','claude_code.api_request',NULL,'session-1',1,NULL,'req_1','claude-opus-4-8',NULL,1001,10,20,30,40,NULL,NULL,'{"event.name":"api_request","request_id":"req_1","model":"claude-opus-4-8","cost_usd_micros":1001,"cost_usd":0.001001,"input_tokens":10,"output_tokens":20,"cache_read_tokens":30,"cache_creation_tokens":40,"cache_creation_1h_tokens":15,"user.id":"5f5f5f5f5f5f5f5f","session.id":"session-1","team":"payments","query_source":"repl_main_thread","event.sequence":1}');
INSERT INTO "events" VALUES(3,X'A816BBCD0A260D9434EFEEBC5B24EF9700000000',1790000002000000000,'api_request','claude_code.api_request',NULL,'session-1',2,NULL,'req_2','claude-opus-4-8',NULL,1002,10,20,30,40,NULL,NULL,'{"event.name":"api_request","request_id":"req_2","model":"claude-opus-4-8","cost_usd_micros":1002,"cost_usd":0.001002,"input_tokens":10,"output_tokens":20,"cache_read_tokens":30,"cache_creation_tokens":40,"cache_creation_1h_tokens":15,"user.id":"5f5f5f5f5f5f5f5f","session.id":"session-1","team":"payments","query_source":"repl_main_thread","event.sequence":2}');
INSERT INTO "events" VALUES(4,X'742DDFFF32195254AEF85C187784F98900000000',1790000003000000000,'api_request','claude_code.api_request',NULL,'session-1',3,NULL,'req_3','claude-opus-4-8',NULL,1003,10,20,30,40,NULL,NULL,'{"event.name":"api_request","request_id":"req_3","model":"claude-opus-4-8","cost_usd_micros":1003,"cost_usd":0.001003,"input_tokens":10,"output_tokens":20,"cache_read_tokens":30,"cache_creation_tokens":40,"cache_creation_1h_tokens":15,"user.id":"5f5f5f5f5f5f5f5f","session.id":"session-1","team":"payments","query_source":"repl_main_thread","event.sequence":3}');
INSERT INTO "events" VALUES(5,X'366F5DD83AEEAA44B98A5F11CAC3E35800000000',1790000005000000000,'user_prompt','claude_code.user_prompt',NULL,'session-1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"event.name":"user_prompt","prompt_length":"12","user.id":"5f5f5f5f5f5f5f5f","session.id":"session-1","team":"payments","query_source":"repl_main_thread"}');
CREATE TABLE lineage (one INTEGER PRIMARY KEY CHECK (one = 1), mark BLOB NOT NULL);
INSERT INTO "lineage" VALUES(1,X'63636C61756E6368016C696E6561676502FD0C9098D98296B4A651808EDD7E281600000000000000000000000000000000');
CREATE TABLE points (
    series INTEGER NOT NULL REFERENCES series (id),
    start_ns INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series, start_ns, time_ns)
) WITHOUT ROWID;
INSERT INTO "points" VALUES(1,1790000005000000000,1790000006000000000,0.0041);
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    temporality INTEGER NOT NULL,
    monotonic INTEGER NOT NULL,
    session_id TEXT,
    check_nonce TEXT,
    last_ns INTEGER NOT NULL,
    attributes TEXT NOT NULL
);
INSERT INTO "series" VALUES(1,X'1478821647F16EC2D131BABE06A453C5','claude_code.cost.usage','USD',2,1,'session-1',NULL,1790000006000000000,'{"session.id":"session-1","team":"payments"}');
CREATE INDEX events_by_time ON events (time_ns);
CREATE INDEX events_by_name ON events (name, time_ns);
CREATE INDEX events_by_session ON events (session_id, time_ns);
CREATE INDEX events_by_check ON events (check_nonce) WHERE check_nonce IS NOT NULL;
CREATE INDEX series_by_time ON series (last_ns);
CREATE INDEX points_by_time ON points (time_ns);
PRAGMA application_id = 1667460193;
PRAGMA user_version = 1;
COMMIT;
