using AwesomeAssertions;
using Xunit;

namespace Portal.Application.Tests.Catalog;

/// <summary>One fault at a time in an otherwise good item: its path, and words of its message.</summary>
public sealed class ItemFileTests : IDisposable
{
    private const string Command = "command: [python3, \"{{ files }}/train.py\", \"--port={{ port }}\", \"{{ parameters.words }}\"]";

    private readonly CatalogFixture catalog = new();

    public void Dispose() => catalog.Dispose();

    [Theory]
    [InlineData("name: Demo", "nmae: Demo\nname: Demo", "nmae", "Did you mean \"name\"")]
    [InlineData("name: Demo", "name: [Demo]", "name", "got a list")]
    [InlineData("name: Demo", "name:", "name", "no value")]
    [InlineData("summary: Shows how.\n", "", "summary", "missing")]
    [InlineData("slug: demo", "slug: Demo!", "slug", "lower-case")]
    [InlineData("slug: demo", "slug: demos", "slug", "does not agree with the file's name")]
    [InlineData("category: training", "category: notebooks", "category", "does not agree with the file's folder")]
    [InlineData("version: 1.0.0", "version: one", "version", "such as 1.0.0")]
    [InlineData("apiVersion: portal/v1", "apiVersion: portal/v2", "apiVersion", "portal/v1")]
    [InlineData("hardware: [cpu-small", "hardware: [cpu-smal", "hardware[0]", "Did you mean \"cpu-small\"")]
    [InlineData("hardware: [cpu-small", "hardware: [cpu-tiny", "hardware[1]", "listed twice")]
    [InlineData("timeout: PT60S", "timeout: 60", "ports[0].ready.timeout", "ISO 8601")]
    [InlineData("timeout: PT60S", "timeout: PT", "ports[0].ready.timeout", "ISO 8601")]
    [InlineData("timeout: PT60S", "timeout: P1M", "ports[0].ready.timeout", "ISO 8601")]
    [InlineData("hardware:", "defaults: {lifetime: 8h}\nhardware:", "defaults.lifetime", "PT8H")]
    [InlineData("hardware:", "defaults: {capacity: spott}\nhardware:", "defaults.capacity", "Did you mean \"spot\"")]
    [InlineData("hardware:", "retry: {attempts: \"3\"}\nhardware:", "retry.attempts", "in quotes")]
    [InlineData("hardware:", "storage: [{name: work, sizeGiB: 5, keep: yes}]\nhardware:", "storage[0].keep", "true or false")]
    [InlineData("hardware:", "icon: nothing-like-it\nhardware:", "icon", "one of")]
    [InlineData("type: Service", "type: TrainingRun", "ports", "no ports")]
    [InlineData("auth: token", "auth: digest", "ports[0].auth", "bearer, token, basic, none")]
    [InlineData("type: integer", "type: int", "parameters[1].type", "integer")]
    [InlineData("name: steps, type: integer", "name: steps, type: text, default: x}\n  - {name: steps, type: integer", "parameters[2].name", "twice")]
    [InlineData("min: 10,", "min: ten,", "parameters[1].constraints.min", "number")]
    [InlineData("min: 10,", "min: 10.5,", "parameters[1].constraints.min", "whole number")]
    [InlineData("min: 10,", "min: 200000,", "parameters[1].constraints.min", "above")]
    [InlineData("min: 10,", "maxLength: 10,", "parameters[1].constraints.maxLength", "cannot have")]
    [InlineData("default: 500", "default: 5", "parameters[1].default", "must be an integer from 10 to 100000; got 5")]
    [InlineData("default: 500", "default: \"500\"", "parameters[1].default", "must be an integer")]
    [InlineData("default: [a, b]", "default: a", "parameters[2].default", "list")]
    [InlineData("default: {}}", "default: {PORTAL_X: y}}", "parameters[3]", "PORTAL_")]
    [InlineData("name: key, type: secret, default: null", "name: key, type: secret, default: hunter2", "parameters[4].default", "secret cannot have a default")]
    [InlineData("name: words, type: stringList", "name: words, type: enum", "parameters[2].constraints.values", "choices")]
    [InlineData("maxLength: 1000000", "pattern: \"(a\"", "parameters[0].constraints.pattern", "cannot be used")]
    [InlineData("maxLength: 1000000", "pattern: \"(?=a)b\"", "parameters[0].constraints.pattern", "lookarounds")]
    [InlineData("default: null}", "userFacing: false}", "parameters[4].default", "needs a default")]
    [InlineData("environmentFrom: [extra]", "environmentFrom: [extras]", "environmentFrom[0]", "Did you mean \"extra\"")]
    [InlineData("environmentFrom: [extra]", "environmentFrom: [extra, steps]", "environmentFrom[1]", "only a map")]
    [InlineData("STEPS:", "PORTAL_STEPS:", "environment.PORTAL_STEPS", "reserved")]
    [InlineData("STEPS:", "MY-STEPS:", "environment.MY-STEPS", "not an environment variable name")]
    public void Item_WrongValue_IsRefusedAtItsPath(string piece, string with, string path, string words) => ExpectOne(piece, with, path, words);

    [Theory]
    [InlineData("{{ parameters.steps }}", "{{ parameters.stepz }}", "environment.STEPS", "Did you mean \"parameters.steps\"")]
    [InlineData("{{ parameters.steps }}", "{{ wrok }}", "environment.STEPS", "Did you mean \"work\"")]
    [InlineData("{{ parameters.steps }}", "{{ parameters.steps + 1 }}", "environment.STEPS", "no expressions")]
    [InlineData("{{ parameters.steps }}", "{{ parameters.steps", "environment.STEPS", "no expressions")]
    [InlineData("{{ parameters.steps }}", "{{ parameters.extra }}", "environment.STEPS", "environmentFrom")]
    [InlineData("{{ parameters.steps }}", "{{ parameters.words }}", "environment.STEPS", "element of its own")]
    [InlineData("{{ basePath }}api", "{{ parameters.key }}", "ports[0].ready.path", "secret")]
    [InlineData("{{ basePath }}api", "{{ credential }}", "ports[0].ready.path", "environment values only")]
    [InlineData("{{ basePath }}api", "api", "ports[0].ready.path", "begin with /")]
    [InlineData("--port={{ port }}", "--key={{ parameters.key }}", "deployments.local.command[2]", "secret")]
    [InlineData("--port={{ port }}", "--token={{ credential }}", "deployments.local.command[2]", "environment values only")]
    [InlineData("\"{{ parameters.words }}\"", "\"--w={{ parameters.words }}\"", "deployments.local.command[3]", "element of its own")]
    [InlineData("\"{{ parameters.words }}\"", "\"{{ parameters.extra }}\"", "deployments.local.command[3]", "is a map")]
    [InlineData("name: Demo", "name: Demo {{ parameters.steps }}", "name", "not allowed here")]
    [InlineData("requires: [python3]", "requires: [\"{{ work }}\"]", "deployments.local.requires[0]", "name of a program")]
    [InlineData("slug: demo", "slug: \"{{ work }}\"", "slug", "lower-case")]
    public void Item_WrongTemplate_IsRefusedAtItsPath(string piece, string with, string path, string words) => ExpectOne(piece, with, path, words);

    [Theory]
    [InlineData("train.py: files", "../train.py: files", "files[\"../train.py\"]", "leaves the folder")]
    [InlineData("train.py: files", "/train.py: files", "files[\"/train.py\"]", "not relative")]
    [InlineData("files/train.py,", "../../etc/passwd,", "files[\"train.py\"]", "leaves the folder")]
    [InlineData("files/train.py,", "files/tran.py,", "files[\"train.py\"]", "Did you mean \"files/train.py\"")]
    [InlineData("corpus.txt:", "train.py/corpus.txt:", "files[\"train.py\"]", "the folder of")]
    [InlineData("{parameter: text}", "{parameter: txt}", "files[\"corpus.txt\"].parameter", "Did you mean \"text\"")]
    [InlineData("{parameter: text}", "{parameter: words}", "files[\"corpus.txt\"].parameter", "list or a map")]
    [InlineData("{parameter: text}", "{param: text, parameter: text}", "files[\"corpus.txt\"].param", "Did you mean \"parameter\"")]
    [InlineData("{parameter: text}", "[text]", "files[\"corpus.txt\"]", "got a list")]
    public void Item_WrongFile_IsRefusedAtItsPath(string piece, string with, string path, string words) => ExpectOne(piece, with, path, words);

    [Theory]
    [InlineData("local:", "locl:", "deployments.locl", "Did you mean \"local\"")]
    [InlineData("requires: [python3]", "image: x", "deployments.local.image", "Unknown key")]
    [InlineData(Command, "command: []", "deployments.local.command", "at least 1")]
    [InlineData(Command, "command: python3 train.py", "deployments.local.command", "a list")]
    [InlineData(Command, "command: [\"{{ parameters.words }}\", x, \"\"]\n  kubernetes: {image: x, command: [\"\"]}", "deployments.kubernetes.command[0]", "must not be empty")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"{{ parameters.steps }}/x:1\", command: [x]}", "deployments.kubernetes.image", "only the tag")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"x:{{ parameters.text }}\", command: [x]}", "deployments.kubernetes.image", "not every text is a tag")]
    [InlineData(Command, Command + "\n  kubernetes: {command: [x]}", "deployments.kubernetes.image", "missing")]
    [InlineData(Command, Command + "\n  ec2: {image: \"a b\", command: [x]}", "deployments.ec2.image", "not a container image")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"x:1\", engine: kueue}", "deployments.kubernetes.engine", "one of auto, plain")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"{{ parameters.steps }}\"}", "deployments.kubernetes.image", "only a string")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"{{ parameters.text }}\"}", "deployments.kubernetes.image", "only a string")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"x:1\", readOnlyRoot: yes}", "deployments.kubernetes.readOnlyRoot", "true or false")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"x:1\", groups: [-1]}", "deployments.kubernetes.groups[0]", "from 0 to 65535")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"x:1\", args: [\"{{ parameters.key }}\"]}", "deployments.kubernetes.args[0]", "secret")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"x:1\", workingDir: \"{{ parameters.key }}\"}", "deployments.kubernetes.workingDir", "secret")]
    [InlineData(Command, Command + "\n  kubernetes: {image: \"x:1\", environment: {PORTAL_A: b}}", "deployments.kubernetes.environment.PORTAL_A", "reserved")]
    [InlineData(Command, Command + "\n  ec2: {image: \"x:1\", command: [x], args: [y]}", "deployments.ec2.args", "Unknown key")]
    [InlineData("auth: token}", "auth: token, containerPort: \"{{ parameters.text }}\"}", "ports[0].containerPort", "only an integer")]
    [InlineData("auth: token}", "auth: token, containerPort: \"{{ parameters.steps }}\"}", "ports[0].containerPort", "{min: 1, max: 65535}")]
    [InlineData("auth: token}", "auth: token, containerPort: 0}", "ports[0].containerPort", "from 1 to 65535")]
    [InlineData("auth: token}", "auth: token, containerPort: \"8{{ parameters.steps }}\"}", "ports[0].containerPort", "nothing else")]
    [InlineData("hardware:", "storage: [{name: a, sizeGiB: {parameter: text}}]\nhardware:", "storage[0].sizeGiB.parameter", "only an integer")]
    [InlineData("hardware:", "storage: [{name: a, sizeGiB: {parameter: stepz}}]\nhardware:", "storage[0].sizeGiB.parameter", "Did you mean \"steps\"")]
    [InlineData("hardware:", "storage: [{name: work, sizeGiB: 1, mountPath: /data}]\nhardware:", "storage[0].mountPath", "always at {{ work }}")]
    [InlineData("hardware:", "storage: [{name: a, sizeGiB: 1, mountPath: \"{{ parameters.key }}\"}]\nhardware:", "storage[0].mountPath", "secret")]
    [InlineData(Command, Command + "\n    replicas: {least: steps, most: steps}", "deployments.local.replicas", "Unknown key")]
    public void Item_WrongDeployment_IsRefusedAtItsPath(string piece, string with, string path, string words) => ExpectOne(piece, with, path, words);

    [Fact]
    public void Item_WrongReplicas_AreRefused()
    {
        catalog.Break(Command, Command + "\n  kubernetes: {image: \"x:1\", replicas: {least: text, most: steps, cpuPercent: 0}}");
        catalog.Load().Problems.Select(p => (p.Path, p.Message)).Should().Satisfy(
            p => p.Path == "deployments.kubernetes.replicas" && p.Message.Contains("Only a ModelEndpoint"),
            p => p.Path == "deployments.kubernetes.replicas.least" && p.Message.Contains("only an integer"),
            p => p.Path == "deployments.kubernetes.replicas.most" && p.Message.Contains("{min: 1, max: 100}"),
            p => p.Path == "deployments.kubernetes.replicas.cpuPercent" && p.Message.Contains("from 1 to 100"));
    }

    [Fact]
    public void Item_ContainerOfOnesChoice_IsReadWithEveryField()
    {
        catalog.Break("- {name: steps,", "- {name: image, type: string}\n  - {name: port, type: integer, default: 8080, constraints: {min: 1, max: 65535}}\n  - {name: steps,")
            .Break("auth: token}]", "auth: token, containerPort: \"{{ parameters.port }}\"}]\nstorage: [{name: data, sizeGiB: {parameter: steps}, keep: true, mountPath: \"/data/{{ parameters.steps }}\"}]")
            .Break(Command, Command + "\n    environment: {WHERE: host}\n  kubernetes: {image: \"{{ parameters.image }}\", args: [\"{{ parameters.words }}\"], workingDir: \"{{ work }}\", environment: {WHERE: \"{{ port }}\"}, readOnlyRoot: true, groups: [0], engine: plain}");
        var load = catalog.Load();
        load.Problems.Should().BeEmpty();
        var spec = load.Items[0].Spec;
        spec.Deployments[0].Environment["WHERE"].Should().Be("host");
        spec.Deployments[1].Should().BeEquivalentTo(new
        {
            Image = "{{ parameters.image }}", Command = Array.Empty<string>(), Args = new[] { "{{ parameters.words }}" }, WorkingDir = "{{ work }}", ReadOnlyRoot = true, Groups = new[] { 0 },
            Engine = Portal.Domain.Catalog.ClusterEngine.Plain, Environment = new Dictionary<string, string> { ["WHERE"] = "{{ port }}" },
        });
        spec.Ports[0].ContainerPort.Should().Be("{{ parameters.port }}");
        spec.Storage[0].Should().Be(new Portal.Domain.Catalog.StorageSpec("data", 1, true) { SizeParameter = "steps", MountPath = "/data/{{ parameters.steps }}" });
    }

    [Fact]
    public void Item_EveryTarget_IsAccepted()
    {
        catalog.Break(Command, Command + "\n  kubernetes: {image: \"registry:5000/a/b:{{ parameters.steps }}-slim\", command: [x], engine: auto}\n  ec2: {image: docker.io/library/python:3.13-slim, command: [x]}");
        var load = catalog.Load();
        load.Problems.Should().BeEmpty();
        load.Items[0].Spec.Deployments.Select(d => d.Target).Should().Equal("local", "kubernetes", "ec2");
    }

    [Theory]
    [InlineData("environmentFrom: [extra]", "environmentFrom: []", "parameters[3]", "changes nothing")]
    [InlineData("default: \"\"", "default: \"{{ work }}/x\"", "parameters[0].default", "exactly as it is written")]
    [InlineData("requires: [python3]", "requires: []", "deployments.local.requires", "does not name")]
    public void Item_DoubtfulValue_IsAWarning(string piece, string with, string path, string words)
    {
        var load = catalog.Break(piece, with).Load();
        load.Problems.Should().BeEmpty();
        load.Items.Should().ContainSingle();
        var warning = load.Warnings.Should().ContainSingle().Subject;
        warning.Path.Should().Be(path);
        warning.Message.Should().Contain(words);
        warning.Line.Should().BePositive();
    }

    [Fact]
    public void Item_WholeFormOfTheDesign_IsReadWithEveryField()
    {
        catalog.Break("summary: Shows how.", """
            summary: Shows how.
            description: |
              # Demo
              Say {{ parameters.steps }} in prose.
            icon: school
            owner: nlp
            tags: [llm, example]
            dataClass: public
            notes: First.
            defaults: {lifetime: null, idleTimeout: PT1H, capacity: spot-with-fallback}
            storage: [{name: work, sizeGiB: 5, keep: true}]
            retry: {on: [interruption, error], attempts: 3, backoff: PT10S}
            checkpoint: {signal: SIGUSR1, command: ["{{ files }}/save", now], grace: PT30S}
            activity: {probe: requests, rules: [{idleFor: PT1H, minRunning: PT15M, then: stop}]}
            """);
        var load = catalog.Load();
        load.Problems.Should().BeEmpty();
        var spec = load.Items[0].Spec;
        spec.Description.Should().Be("# Demo\nSay {{ parameters.steps }} in prose.\n");
        spec.Defaults.Should().BeEquivalentTo(new { Lifetime = (TimeSpan?)null, IdleTimeout = TimeSpan.FromHours(1), Capacity = Portal.Domain.Workloads.CapacityType.SpotWithFallback });
        spec.Storage.Should().ContainSingle().Which.Should().Be(new Portal.Domain.Catalog.StorageSpec("work", 5, true));
        spec.Retry.Should().BeEquivalentTo(new { On = new[] { "interruption", "error" }, Attempts = 3, Backoff = TimeSpan.FromSeconds(10) });
        spec.Checkpoint.Should().BeEquivalentTo(new { Signal = "SIGUSR1", Command = new[] { "{{ files }}/save", "now" }, Grace = TimeSpan.FromSeconds(30) });
        spec.Activity.Rules.Should().Equal(new Portal.Domain.Catalog.IdleRule(TimeSpan.FromHours(1), TimeSpan.FromMinutes(15), "stop"));
        (spec.Icon, spec.Owner, spec.DataClass, spec.Notes).Should().Be(("school", "nlp", "public", "First."));
        spec.Tags.Should().Equal("llm", "example");
    }

    private void ExpectOne(string piece, string with, string path, string words)
    {
        var load = catalog.Break(piece, with).Load();
        load.Items.Should().BeEmpty();
        var problem = load.Problems.Should().ContainSingle().Subject;
        problem.Path.Should().Be(path);
        problem.Message.Should().Contain(words);
        (problem.Line > 0 && problem.Column > 0).Should().BeTrue();
    }
}
