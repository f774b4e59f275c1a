package facade

// LicenceApp answers Guangdong's license-app/v1.
type LicenceApp struct {
	World

	tries tries
}
