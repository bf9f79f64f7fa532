-- The names of read models are keys, too: in the order of their bytes, for the reasons of 1764000000080.

ALTER TABLE read_model_tables ALTER COLUMN table_name TYPE text COLLATE "C";
