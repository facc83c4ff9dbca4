// The desk: server-rendered; this only keeps it live, guards what a person types, and listens to the keys.
import 'htmx.org';
import 'htmx.org/dist/ext/hx-sse.js';
import './live.js';
import './draft.js';
import './dialogs.js';
import './keys.js';
import './captions.js';
import './tell.js';

