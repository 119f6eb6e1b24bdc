-- +goose Up
-- A document that a case asks for points at the version that was given, so that whoever looks at it decides about that one.
ALTER TABLE kyc_items ADD COLUMN document_version_id bigint REFERENCES document_versions;
ALTER TABLE kyc_items ADD CHECK (step <> 'documents' OR state = 'missing' OR document_version_id IS NOT NULL);
CREATE INDEX kyc_items_document_version ON kyc_items (document_version_id) WHERE document_version_id IS NOT NULL;

-- A version has the name of the person who sent it; one without is the payee's own.
ALTER TABLE document_versions DROP CONSTRAINT document_versions_staff_name_check;
ALTER TABLE document_versions ADD CONSTRAINT document_versions_sender CHECK ((staff_id IS NULL) = (staff_name = ''));

-- +goose Down
ALTER TABLE document_versions DROP CONSTRAINT document_versions_sender;
ALTER TABLE document_versions ADD CONSTRAINT document_versions_staff_name_check CHECK (staff_name <> '') NOT VALID;
ALTER TABLE kyc_items DROP COLUMN document_version_id;
