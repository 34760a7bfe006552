import './change-schema.ts';
import './look-schema.ts';
import './job-schema.ts';
