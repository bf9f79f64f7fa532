-- What kind of failure it was, so that an operator sees at a glance whose it is: see failure-category.ts. Null: it was stored
-- by a program that told no categories.

ALTER TABLE parked_events ADD COLUMN category text;
