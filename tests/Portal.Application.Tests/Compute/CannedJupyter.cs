using System.IO.Pipelines;
using System.Text;

namespace Portal.Application.Tests.Compute;

/// <summary>What a Jupyter server answers about its kernels and terminals, byte for byte as 6.4 does; for the fake target's connections.</summary>
internal sealed class CannedJupyter
{
    public string Kernels { get; set; } = "[]";

    public string Terminals { get; set; } = "[]";

    /// <summary>Status of every answer.</summary>
    public string Status { get; set; } = "200 OK";

    /// <summary>Request lines and authorization headers seen.</summary>
    public List<string> Seen { get; } = [];

    public static string Kernel(DateTimeOffset last, string state = "idle") => $$"""{"id":"k","name":"python3","last_activity":"{{last:yyyy-MM-ddTHH:mm:ss.ffffff}}Z","execution_state":"{{state}}","connections":1}""";

    public static string Terminal(DateTimeOffset last) => $$"""{"name":"1","last_activity":"{{last:yyyy-MM-ddTHH:mm:ss.ffffff}}Z"}""";

    public Task<Stream> ConnectAsync(Guid allocation, CancellationToken cancellationToken)
    {
        var (toServer, toClient) = (new Pipe(), new Pipe());
        _ = ServeAsync(toServer.Reader.AsStream(), toClient.Writer.AsStream());
        return Task.FromResult<Stream>(new Duplex(toClient.Reader.AsStream(), toServer.Writer.AsStream()));
    }

    private async Task ServeAsync(Stream input, Stream output)
    {
        using var reader = new StreamReader(input);
        while (await reader.ReadLineAsync() is { } first)
        {
            var authorization = "";
            while (await reader.ReadLineAsync() is { Length: > 0 } header)
                if (header.StartsWith("Authorization:", StringComparison.OrdinalIgnoreCase)) authorization = header["Authorization: ".Length..];
            lock (Seen) Seen.Add($"{first} {authorization}");
            var body = first.Contains("api/kernels", StringComparison.Ordinal) ? Kernels : Terminals;
            await output.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {Status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            await output.FlushAsync();
        }
    }

    private sealed class Duplex(Stream read, Stream write) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() => write.Flush();
        public override Task FlushAsync(CancellationToken cancellationToken) => write.FlushAsync(cancellationToken);
        public override int Read(byte[] buffer, int offset, int count) => read.Read(buffer, offset, count);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => read.ReadAsync(buffer, cancellationToken);
        public override void Write(byte[] buffer, int offset, int count) => write.Write(buffer, offset, count);
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => write.WriteAsync(buffer, cancellationToken);
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            read.Dispose();
            write.Dispose();
            base.Dispose(disposing);
        }
    }
}
