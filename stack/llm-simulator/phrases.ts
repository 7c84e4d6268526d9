/** Raw material of the simulated text. Words in braces are filled in by writer.ts. */
export const factsByTopic: Record<string, { keywords: RegExp; facts: string[] }> = {
  finance: {
    keywords: /fund|invest|revenue|profit|financ|valuation|earning|margin|cash|growth|money/i,
    facts: [
      '{company} reported revenue of {amount} for {year}, {percent} more than the year before.',
      'A funding round of {amount} in {month} {year} was led by an existing investor of {company}.',
      'Recurring contracts make up about {percent} of the revenue of {company}.',
      '{company} reached a positive operating margin for the first time in {year}.',
      'Research and development takes {percent} of the yearly spending of {company}.',
    ],
  },
  leadership: {
    keywords: /leader|ceo|cto|founder|management|executive|board|who (?:runs|leads|owns)|owner/i,
    facts: [
      '{person} has led {company} as chief executive since {year}.',
      '{person} joined the board of {company} in {month} {year}.',
      '{company} was founded in {city} by {person} and two former colleagues.',
      'The head of engineering at {company}, {person}, previously worked for a competitor.',
    ],
  },
  product: {
    keywords: /product|service|offer|platform|technolog|feature|roadmap|launch|what does|sell/i,
    facts: [
      'The main product of {company}, {product}, was first released in {year}.',
      '{company} moved {product} to a subscription model in {month} {year}.',
      'Version {count} of {product} added an interface for partners of {company}.',
      'More than {count} organisations run {product} in daily operation.',
      '{company} publishes an uptime above 99.9 % for {product}.',
    ],
  },
  market: {
    keywords: /compet|market|rival|position|share|industry|segment|differ/i,
    facts: [
      'Analysts put the market share of {company} in its home segment at {percent}.',
      '{company} competes mainly with two larger vendors and a group of regional suppliers.',
      'Customers name short delivery times as the main reason to choose {company}.',
      'The segment in which {company} works grew by {percent} in {year}.',
    ],
  },
  customers: {
    keywords: /customer|client|partner|user|contract|case stud|buy/i,
    facts: [
      '{company} names more than {count} customers in {country} and neighbouring countries.',
      'A public authority in {city} signed a contract with {company} in {month} {year}.',
      'About {percent} of the customers of {company} have renewed more than once.',
      '{company} sells through a partner in {city} besides its own sales team.',
    ],
  },
  people: {
    keywords: /hiring|hire|employ|staff|headcount|team|talent|culture|layoff|job/i,
    facts: [
      '{company} employed about {count} people at the end of {year}.',
      'The number of open positions at {company} rose by {percent} within a year.',
      '{company} opened a development office in {city} in {month} {year}.',
      'Roughly {percent} of the staff of {company} work outside {country}.',
    ],
  },
  risk: {
    keywords: /risk|regulat|legal|lawsuit|complian|security|incident|breach|sanction|audit/i,
    facts: [
      '{company} holds an ISO 27001 certificate that was renewed in {month} {year}.',
      'No proceedings against {company} were found in the public register of {country}.',
      'The annual report of {company} names dependence on a single supplier as a risk.',
      'An outage in {month} {year} kept {product} offline for several hours.',
    ],
  },
  sustainability: {
    keywords: /sustainab|climate|emission|carbon|esg|energy|environment/i,
    facts: [
      '{company} wants to halve its emissions by 2030 compared with {year}.',
      'Since {year}, the data centres used by {company} have run on renewable power.',
      '{company} published its second sustainability report in {month} {year}.',
    ],
  },
};

export const summaryOpenings = [
  '{company} is a supplier of {product} with its main office in {city}.',
  '{company} is an established business from {city} that is best known for {product}.',
  '{company}, based in {city}, has grown steadily since {year} and is known for {product}.',
  'Public sources describe {company} as a mid-sized vendor from {city} with {product} at its centre.',
];

export const summaryClosings = [
  'Several of the sources are statements of {company} itself and should be read as such.',
  'Figures for the current year were not available in the sources that were read.',
  'The sources agree on the main points and differ in the exact figures.',
  'Independent reporting on {company} is limited, so some points rest on a single source.',
];

export const refusals = [
  "I'm sorry, but I can't help with that request.",
  "I can't assist with gathering this information about the company.",
];

export const people = [
  'Amara Okafor', 'Jonas Lindqvist', 'Priya Raman', 'Elena Petrova', 'Miguel Santos', 'Hannah Vogel',
  'Kenji Watanabe', 'Sofia Marchetti', 'David Cohen', 'Nadia Rahman', 'Oliver Grant', 'Lucie Moreau',
]; // prettier-ignore
export const cities = [
  'Hamburg', 'Lyon', 'Gothenburg', 'Toronto', 'Austin', 'Porto', 'Kraków', 'Leeds', 'Zurich', 'Osaka',
  'Melbourne', 'Utrecht',
]; // prettier-ignore
export const countries = [
  'Germany', 'France', 'Sweden', 'Canada', 'the United States', 'Portugal', 'Poland', 'Switzerland', 'Japan',
]; // prettier-ignore
export const months = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
  'December',
]; // prettier-ignore
export const products = [
  'a planning platform', 'a routing service', 'an analytics suite', 'a payment gateway', 'a monitoring system',
  'a document service', 'an inventory platform', 'a scheduling service',
]; // prettier-ignore
export const industries = [
  'logistics software', 'industrial automation', 'financial services', 'medical devices', 'renewable energy',
  'retail technology',
]; // prettier-ignore
