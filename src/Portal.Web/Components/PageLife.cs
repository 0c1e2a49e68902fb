namespace Portal.Web.Components;

/// <summary>
/// How long a component lives, as a token that is cancelled when it goes. Unlike a source's own, <see cref="Token"/> can still be read afterwards: work that was waiting for an answer when its page went then ends
/// quietly, and does not fail, which the error boundary would show in place of the page that came next.
/// </summary>
public sealed class PageLife : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public PageLife() => Token = _source.Token;

    /// <summary>Cancelled once the component has gone.</summary>
    public CancellationToken Token { get; }

    /// <summary>True once the component has gone.</summary>
    public bool IsOver => Token.IsCancellationRequested;

    public void Dispose()
    {
        _source.Cancel();
        _source.Dispose();
    }
}
