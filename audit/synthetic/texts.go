package synthetic

// words are what emails of one language are made of. Facts and next steps have nothing to
// find fault with; each line of the others has exactly what it is called by.
type words struct {
	hello, bye             string
	subjects               []string
	facts, jargon, formula []string
	hot, next              []string
}

var texts = map[string]words{
	"es": {
		hello: "Buenos días, %s:", bye: "Un saludo,",
		subjects: []string{"Pedido 4411: entrega el jueves", "Copia de seguridad del martes", "Factura de marzo corregida", "Impresora de recepción: cambio hecho"},
		facts: []string{
			"La copia de seguridad de anoche terminó a las 3:10 y está completa.",
			"El pedido 4411 salió ayer del almacén y llega el jueves 12 entre las 9 y las 11.",
			"Hemos corregido la factura de marzo: el total es ahora de 412 euros.",
			"La impresora de recepción ya imprime; el fallo era el cable, y lo cambiamos ayer a las 16:30.",
		},
		jargon: []string{
			"El failover del clúster no saltó porque el balanceador tenía mal el health check.",
			"Hay que revisar el endpoint del webhook y el token de la API en el pipeline.",
			"El throughput de la VPN cae por el MTU del túnel IPsec.",
		},
		formula: []string{
			"Estamos trabajando en el problema.",
			"Estamos trabajando en ello.",
			"Estamos trabajando para solucionarlo.",
		},
		hot: []string{
			"El fallo se debe a un mal uso por su parte.",
			"Ustedes no nos avisaron del cambio.",
		},
		next: []string{
			"Mañana martes a las 10:00 le llamo yo para confirmar que todo sigue bien.",
			"El jueves 12 a las 12:00 le escribo con el resultado.",
		},
	},
	"en": {
		hello: "Good morning %s,", bye: "Kind regards,",
		subjects: []string{"Order 4411 arrives on Thursday", "Tuesday's backup", "March invoice corrected", "Printer at reception: replaced"},
		facts: []string{
			"Last night's backup finished at 3:10 and is complete.",
			"Order 4411 left the warehouse yesterday and arrives on Thursday between 9 and 11.",
			"We corrected the March invoice: the total is now 412 euros.",
			"The printer at reception prints again; the cable was broken, and we replaced it yesterday at 4:30 pm.",
		},
		jargon: []string{
			"The failover of the cluster did not start because the load balancer had the wrong health check.",
			"The webhook endpoint and the API token in the pipeline need a review.",
			"The throughput of the VPN drops because of the MTU of the IPsec tunnel.",
		},
		formula: []string{
			"We are working on the problem.",
			"We are working on it.",
			"We are looking into the issue.",
		},
		hot: []string{
			"The failure was caused by misuse on your side.",
			"This happened because you did not follow our instructions.",
			"You didn't tell us about the change.",
		},
		next: []string{
			"Tomorrow, Tuesday, at 10:00 I'll call you to confirm that all is well.",
			"On Thursday at noon I'll write to you with the result.",
		},
	},
}
