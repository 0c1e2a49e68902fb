using Xunit;

// Each test runs a portal, a database, a browser and real programs: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
