using Portal.Application.Catalog.Files;

namespace Portal.Application.Tests.Catalog;

/// <summary>A catalog folder on disk with two categories, two hardware profiles and one good item, to break in one place at a time.</summary>
internal sealed class CatalogFixture : IDisposable
{
    public const string ItemFile = "training/demo.yaml";

    public const string Item = """
        apiVersion: portal/v1
        kind: CatalogItem
        slug: demo
        name: Demo
        type: Service
        category: training
        summary: Shows how.
        version: 1.0.0
        parameters:
          - {name: text, type: text, default: "", constraints: {maxLength: 1000000}}
          - {name: steps, type: integer, default: 500, constraints: {min: 10, max: 100000}}
          - {name: words, type: stringList, default: [a, b]}
          - {name: extra, type: map, default: {}}
          - {name: key, type: secret, default: null}
        hardware: [cpu-small, cpu-tiny]
        ports: [{name: http, ready: {path: "{{ basePath }}api", timeout: PT60S}, auth: token}]
        environment: {STEPS: "{{ parameters.steps }}", TOKEN: "{{ credential }}", KEY: "{{ parameters.key }}"}
        environmentFrom: [extra]
        files: {train.py: files/train.py, corpus.txt: {parameter: text}}
        deployments:
          local:
            requires: [python3]
            command: [python3, "{{ files }}/train.py", "--port={{ port }}", "{{ parameters.words }}"]

        """;

    public CatalogFixture()
    {
        Folder = Directory.CreateTempSubdirectory("portal catalog ").FullName;
        Write("categories.yaml", "- {slug: training, name: Training, purpose: Train., icon: school, order: 2}\n- {slug: notebooks, name: Notebooks, purpose: Explore., icon: article, order: 1}\n");
        Write("hardware.yaml", "- {slug: cpu-tiny, name: Tiny, vcpu: 0.25, memoryGiB: 0.5}\n- {slug: cpu-small, name: Small, vcpu: 1, memoryGiB: 2, gpu: {kind: T4, count: 1, memoryGiB: 16}, diskGiB: 20, restricted: true}\n");
        Write(ItemFile, Item);
        Write("training/files/train.py", "print('hello')\n");
    }

    public string Folder { get; }

    public void Write(string file, string text)
    {
        var path = Path.Combine(Folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Replaces one piece of the good item; the piece must be there, so that a test cannot pass by changing nothing.</summary>
    public CatalogFixture Break(string piece, string with)
    {
        var text = File.ReadAllText(Path.Combine(Folder, ItemFile));
        if (!text.Contains(piece, StringComparison.Ordinal))
            throw new InvalidOperationException($"The item does not contain '{piece}'.");
        Write(ItemFile, text.Replace(piece, with, StringComparison.Ordinal));
        return this;
    }

    public CatalogLoad Load() => CatalogFolder.Read(Folder);

    /// <summary>The repository's own catalog.</summary>
    public static string Shipped
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Portal.sln")))
                folder = folder.Parent ?? throw new InvalidOperationException("The repository's root was not found.");
            return Path.Combine(folder.FullName, "deploy", "catalog");
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
