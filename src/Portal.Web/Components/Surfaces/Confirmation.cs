using MudBlazor;

namespace Portal.Web.Components.Surfaces;

/// <summary>A question before something is lost.</summary>
/// <param name="Title">Names the thing: <c>Delete tiny-lm-ablation-08?</c></param>
/// <param name="Consequence">What happens, in a sentence.</param>
/// <param name="Do">The button that does it, a verb: <c>Delete</c>.</param>
public sealed record Confirmation(string Title, string Consequence, string Do)
{
    /// <summary>The safe button, which has the focus.</summary>
    public string Keep { get; init; } = "Cancel";

    /// <summary>What is lost, a line each.</summary>
    public IReadOnlyList<string> Lost { get; init; } = [];

    /// <summary>Red button; false for questions that lose nothing.</summary>
    public bool Destructive { get; init; } = true;
}

/// <summary>Asking through MudBlazor's dialogs.</summary>
public static class Dialogs
{
    private static readonly DialogOptions Options = new() { MaxWidth = MaxWidth.ExtraSmall, FullWidth = true, CloseOnEscapeKey = true, BackdropClick = true };

    /// <summary>True when the person chose to do it.</summary>
    public static async Task<bool> ConfirmAsync(this IDialogService dialogs, Confirmation question)
    {
        var parameters = new DialogParameters<ConfirmDialog> { { d => d.Question, question } };
        var dialog = await dialogs.ShowAsync<ConfirmDialog>(question.Title, parameters, Options);
        return await dialog.Result is { Canceled: false };
    }
}
